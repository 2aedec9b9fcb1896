"""Reading /usr/lib/PRODUCT: product.json, and the descriptor of each module that is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from katctl.errors import DefinitionError
from katctl.model import Database, Directory, Migration, Module, Needs, Probe, Product, Role, Service, Setting

FORMAT = 2
"""The descriptors that this katctl understands."""

Noun = TypeVar("Noun")


def read_product(lib: Path) -> Product:
    """The product that lies in ``lib``. Raises DefinitionError when a file of it is not what it should be."""
    head = _read(lib / "product.json")
    modules = [_module(_read(path), path) for path in sorted((lib / "modules.d").glob("*.json"))]
    return Product(
        name=str(head["product"]),
        module=str(head["module"]),
        package=str(head["package"]),
        version=str(head["version"]),
        needs=_noun(Needs, head["needs"]),
        modules=tuple(modules),
        roles=tuple(_noun(Role, each) for each in head.get("roles", ())),
        census=tuple(_module(each, lib / "product.json") for each in head.get("census", ())),
        root=lib.parent.parent.parent,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DefinitionError(
            f"it cannot be read: {error}", where=str(path), hint=f"apt install --reinstall the owner of {path}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DefinitionError(
            f"it is not of format {FORMAT}",
            where=str(path),
            hint="upgrade all packages of the product: apt update && apt upgrade",
        )
    return content


def _module(content: Mapping[str, Any], path: Path) -> Module:
    try:
        return Module(
            name=content["module"],
            package=content["package"],
            services=tuple(_service(each) for each in content["services"]),
            settings=tuple(_noun(Setting, each) for each in content["settings"]),
            directories=tuple(_noun(Directory, each) for each in content["directories"]),
            database=_noun(Database, content["database"]) if content["database"] else None,
            queue=content["queue"],
            migrations=tuple(_noun(Migration, each) for each in content["migrations"]),
        )
    except (KeyError, TypeError) as error:
        raise DefinitionError(f"it lacks something: {error}", where=str(path)) from error


def _service(content: Mapping[str, Any]) -> Service:
    health = content["health"]
    return _noun(Service, {**content, "health": _noun(Probe, health) if health else None})


def _noun(kind: type[Noun], content: Mapping[str, Any]) -> Noun:
    """What ``kind`` knows of ``content``; lists become tuples."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in content.items() if name in known}
    )
