"""A server below a directory: descriptors as packages bring them, and a product that reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from katctl.site import Site, open_site

SERVICE = {"name": "kat-web", "description": "Web", "account": "kat-web", "health": None}


def describe(**content: Any) -> dict[str, Any]:
    """The descriptor of a module that has nothing but ``content``."""
    name = content.setdefault("module", "web")
    empty: dict[str, Any] = {
        "format": 2,
        "package": f"kat-{name}",
        "services": [],
        "settings": [],
        "directories": [],
        "database": None,
        "queue": False,
        "migrations": [],
        "commands": [],
    }
    return empty | content


def setting(name: str, **more: Any) -> dict[str, Any]:
    """A setting as a descriptor has it."""
    return {"name": name, "meaning": f"What {name} is", "default": None, "required": False} | more


def make_site(root: Path, *modules: Mapping[str, Any], whole: Any = None, **files: str) -> Site:
    """The site below ``root``, of a product that is the ``whole``; ``files`` are the administrator's, by module."""
    lib = root / "usr/lib/kat"
    (lib / "modules.d").mkdir(parents=True, exist_ok=True)
    head = {
        "format": 2,
        "product": "kat",
        "module": "common",
        "package": "kat-common",
        "version": "0",
        "needs": {"memory": 1, "disk": 1},
    }
    (lib / "product.json").write_text(json.dumps(head | dict(whole or {})))
    for module in modules:
        (lib / "modules.d" / f"{module['module']}.json").write_text(json.dumps(module))
    (root / "etc/kat").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / f"etc/kat/{name}.conf").write_text(text)
    return open_site(lib, lambda _: None)
