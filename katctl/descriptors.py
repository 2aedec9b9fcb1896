"""Reading /usr/lib/PRODUCT: product.json, and the descriptor of each module that is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from katctl import packages
from katctl.errors import DefinitionError
from katctl.model import Database, Directory, Migration, Module, Needs, Probe, Product, Role, Service, Setting

FORMAT = 2
"""The descriptors that this katctl understands."""

Noun = TypeVar("Noun")


def read_product(lib: Path) -> Product:
    """The product that lies in ``lib``. Raises DefinitionError when a file of it is not what it should be."""
    paths = sorted((lib / "modules.d").glob("*.json"))
    with _reading(lib / "product.json") as head:
        return Product(
            name=str(head["product"]),
            module=str(head["module"]),
            package=str(head["package"]),
            version=str(head["version"]),
            needs=_noun(Needs, head["needs"]),
            modules=tuple(_read_module(path) for path in paths),
            roles=tuple(_noun(Role, each) for each in head.get("roles", ())),
            census=tuple(_module(each) for each in head.get("census", ())),
            root=lib.parent.parent.parent,
        )


def _read_module(path: Path) -> Module:
    with _reading(path) as content:
        return _module(content)


@contextmanager
def _reading(path: Path) -> Iterator[dict[str, Any]]:
    """What the file says, for as long as its words are turned into nouns. Raises DefinitionError."""
    content = _read(path)
    try:
        yield content
    except (KeyError, TypeError) as error:
        raise DefinitionError(
            f"it lacks something: {error}", where=str(path), hint=packages.to_reinstall(path)
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DefinitionError(
            f"it cannot be read: {error}", where=str(path), hint=packages.to_reinstall(path)
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DefinitionError(
            f"it is not of format {FORMAT}",
            where=str(path),
            hint=f"upgrade all packages of the product: {packages.to_upgrade()}",
        )
    return content


def _module(content: Mapping[str, Any]) -> Module:
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


def _service(content: Mapping[str, Any]) -> Service:
    health = content["health"]
    return _noun(Service, {**content, "health": _noun(Probe, health) if health else None})


def _noun(kind: type[Noun], content: Mapping[str, Any]) -> Noun:
    """What ``kind`` knows of ``content``; lists become tuples."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in content.items() if name in known}
    )
