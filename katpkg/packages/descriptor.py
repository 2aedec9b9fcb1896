"""What a module tells the server about itself: /usr/lib/PREFIX/modules.d/MODULE.json.

Tools on the server know no module by name; all they do follows from these files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import Enum

from katpkg.packages.places import Places

FORMAT = 2
"""Rises when a reader of the old format would go wrong."""

TOLD = ("services", "settings", "directories", "database", "queue", "migrations", "commands")


def descriptor(places: Places) -> bytes:
    """The module's descriptor, its placeholders filled, as JSON that differs only when its meaning does."""
    module = places.module
    told = {name: value for name, value in asdict(module).items() if name in TOLD}
    for service, content in zip(module.services, told["services"], strict=True):
        content["account"] = service.account
    content = {"format": FORMAT, "module": module.name, "package": module.package, **told}
    return (json.dumps(_filled(content, places), indent=2, default=_plain) + "\n").encode()


def _filled(value: object, places: Places) -> object:
    if isinstance(value, str):
        return places.fill(value)
    if isinstance(value, Mapping):
        return {name: each if name == "fill" else _filled(each, places) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [_filled(each, places) for each in value]
    return value


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else str(value)
