"""Layers of configuration laid over each other, and for each value which layer it is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Tree = dict[str, object]
Path = tuple[str | int, ...]


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

    def _merge(self, table: Tree, layer: Mapping[str, object], origin: str, at: Path) -> None:
        for key, value in layer.items():
            if isinstance(value, Mapping):
                self._merge(_table(table, key), value, origin, (*at, key))
            else:
                table[key] = value
                self.origins[(*at, key)] = origin


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
