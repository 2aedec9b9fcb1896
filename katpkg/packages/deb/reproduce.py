"""Whether two builds of one thing are the same, and where they first differ."""

from __future__ import annotations

from katpkg.errors import BuildError
from katpkg.model.package import BinaryPackage
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
    if first.members != second.members:
        names = sorted(set(first.members) ^ set(second.members))
        return f"only one build has {', '.join(names[:5])}"
    if dict(first.fields) != dict(second.fields):
        names = sorted(name for name, value in first.fields.items() if second.fields.get(name) != value)
        return f"the control files differ in {', '.join(names)}"
    one, other = read_ar(first.path), read_ar(second.path)
    for mine, its in ((one.control, other.control), (one.data, other.data)):
        with one.open(mine) as left, other.open(its) as right:
            if left.read() != right.read():
                return f"the bytes of {mine.name} differ"
    return "the bytes around its members differ"
