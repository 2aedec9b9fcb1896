"""Whether two builds of one thing are the same, and where they first differ."""

from __future__ import annotations

from collections.abc import Callable

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage


def compare(
    first: BinaryPackage, second: BinaryPackage, closer: Callable[[BinaryPackage, BinaryPackage], str] | None = None
) -> None:
    """Raise BuildError, which says in what, when the two files differ; ``closer`` looks into the format's own parts."""
    if first.digest == second.digest:
        return
    difference = _difference(first, second) or (closer(first, second) if closer else "the bytes differ")
    raise BuildError(
        f"{first.filename} is not reproducible: {difference}",
        hint=f"to see more: diffoscope {first.path} {second.path}",
    )


def _difference(first: BinaryPackage, second: BinaryPackage) -> str:
    names = sorted(set(first.members()) ^ set(second.members()))
    if names:
        return f"only one build has {', '.join(names[:5])}"
    fields = sorted(name for name, value in first.fields.items() if second.fields.get(name) != value)
    return f"the fields differ in {', '.join(fields)}" if fields else ""
