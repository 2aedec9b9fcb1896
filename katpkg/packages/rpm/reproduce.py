"""Whether two builds of one RPM are the same, and where they first differ."""

from __future__ import annotations

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage


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
    fields = sorted(name for name, value in first.fields.items() if second.fields.get(name) != value)
    return f"the headers differ in {', '.join(fields)}" if fields else "the bytes differ"
