"""Where two .debs differ that tell the same of themselves."""

from __future__ import annotations

from pathlib import Path

from katpkg.model.binary import BinaryPackage
from katpkg.packages import reproduce
from katpkg.packages.deb.ar import read_ar


def compare(first: BinaryPackage, second: BinaryPackage) -> None:
    """Raise BuildError, which says in what, when the two files differ."""
    reproduce.compare(first, second, _parts_that_differ)


def _parts_that_differ(first: BinaryPackage, second: BinaryPackage) -> str:
    for (name, mine), (_, its) in zip(_parts(first.path), _parts(second.path), strict=True):
        if mine != its:
            return f"the bytes of {name} differ"
    return "the bytes around its members differ"


def _parts(path: Path) -> list[tuple[str, bytes]]:
    parts = []
    with path.open("rb") as file:
        deb = read_ar(file, path)
        for member in (deb.control, deb.data):
            file.seek(member.offset)
            parts.append((member.name, file.read(member.size)))
    return parts
