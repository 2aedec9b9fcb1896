"""Whether two builds of one thing are the same, and where they first differ."""

from __future__ import annotations

from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.packages.deb.ar import read_ar


def compare(first: BinaryPackage, second: BinaryPackage) -> None:
    """Raise BuildError, which says in what, when the two files differ."""
    if first.digest == second.digest:
        return
    raise BuildError(
        f"{first.filename} is not reproducible: {_difference(first, second)}",
        hint=f"to see more: diffoscope {first.path} {second.path}",
    )


def _difference(first: BinaryPackage, second: BinaryPackage) -> str:
    names = sorted(set(first.members()) ^ set(second.members()))
    if names:
        return f"only one build has {', '.join(names[:5])}"
    if dict(first.fields) != dict(second.fields):
        names = sorted(name for name, value in first.fields.items() if second.fields.get(name) != value)
        return f"the control files differ in {', '.join(names)}"
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
