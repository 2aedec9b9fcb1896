"""Layers of configuration laid over each other, and for each value which layer it is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

Tree = dict[str, object]
Path = tuple[str | int, ...]
KIND = "kind"
"""Tables of different kinds have nothing in common: one of another kind takes the place of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A file of a definition, as it is written."""

    name: str
    """Its path from the definition's directory: katpkg.toml, or ../katpkg.toml where it is extended."""
    tree: Tree


@dataclass
class Layers:
    """What the layers so far say together. Tables are merged, everything else is replaced."""

    values: Tree = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    """Of every value that is no table, by its path."""

    def lay(self, layer: Mapping[str, object], origin: str, at: Path = ()) -> None:
        """Lay ``layer`` over the rest, at the path ``at``."""
        table = self.values
        for key in at:
            table = _table(table, str(key))
        self._merge(table, layer, origin, at)

    def place(self, path: Path, directory: FilePath) -> FilePath:
        """Where a relative path begins that is the value at ``path`` in the definition in ``directory``."""
        file = FilePath(self.origins.get(path, "").partition(" [")[0])
        return directory / (file.parent.parent if file.parent.name == "modules" else file.parent)

    def _merge(self, table: Tree, layer: Mapping[str, object], origin: str, at: Path) -> None:
        for key, value in layer.items():
            if isinstance(value, Mapping):
                self._make_way(table, key, value, (*at, key))
                self._merge(_table(table, key), value, origin, (*at, key))
            else:
                table[key] = value
                self.origins[(*at, key)] = origin

    def _make_way(self, table: Tree, key: str, value: Mapping[str, object], at: Path) -> None:
        old = table.get(key)
        if isinstance(old, dict) and KIND in old and value.get(KIND, old[KIND]) != old[KIND]:
            del table[key]
            self.origins = {path: origin for path, origin in self.origins.items() if path[: len(at)] != at}


def leaves(value: object, at: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every value in ``value`` that is neither a table nor a list of tables, with its path."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, (*at, key))
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            yield from leaves(each, (*at, number))
    else:
        yield at, value


def origin_of(path: Path, origins: Mapping[Path, str]) -> str:
    """Where the value at ``path`` is from, by itself or by what it is part of; empty when nobody said it."""
    return next((origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in origins), "")


def shown(path: Path) -> str:
    """``services[0].health.url``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _table(table: Tree, key: str) -> Tree:
    found = table.setdefault(key, {})
    if not isinstance(found, dict):
        found = table[key] = {}
    return found
