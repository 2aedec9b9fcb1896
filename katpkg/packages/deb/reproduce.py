"""Where two .debs differ that tell the same of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from katpkg.model.binary import BinaryPackage
from katpkg.packages import reproduce
from katpkg.packages.deb.ar import DebReader


def compare(first: BinaryPackage, second: BinaryPackage) -> None:
    """Raise BuildError, which says in what, when the two files differ."""
    reproduce.compare(first, second, _parts_that_differ)


def _parts_that_differ(first: BinaryPackage, second: BinaryPackage) -> str:
    for (name, mine), (_, its) in zip(_parts(first.path), _parts(second.path), strict=True):
        if mine != its:
            return f"the bytes of {name} differ"
    return "the bytes around its members differ"


def _parts(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        reader = DebReader(file.read, path)
        for begin in (reader.control, reader.data):
            member = begin()
            yield member.name, reader.take(member.size)
