"""Files of a payload: found by name or pattern, and copied to a place of their own."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.artifact import Payload
from katpkg.model.payload import Copy


def copy_out(payload: Payload, copies: Iterable[Copy], root: Path) -> None:
    """Copy files and trees of ``payload`` to where they lie below ``root``, links as links. Raises BuildError."""
    for copy in copies:
        source = inside(payload, copy.source)
        place = root / copy.to.relative
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, place, follow_symlinks=False)


def only_file(payload: Payload, pattern: str, key: str) -> Path:
    """The one file of ``payload`` that ``pattern``, which ``key`` of payload says, matches. Raises BuildError."""
    found = sorted(path for path in payload.root.rglob(pattern) if path.is_file())
    if len(found) == 1:
        return found[0]
    there = sorted(str(path.relative_to(payload.root)) for path in payload.root.rglob("*") if path.is_file())
    raise BuildError(
        f"{len(found)} files match {pattern!r}, and it must be one",
        where=payload.artifact.name,
        hint=f"it holds {', '.join(there[:8]) or 'nothing'}; say which one in payload.{key}",
    )


def move_in(tree: Path, root: Path, where: str, of: str) -> None:
    """Move all that lies in ``tree`` into ``root``. Raises BuildError when something of its name is there already."""
    for child in sorted(tree.iterdir()):
        if (root / child.name).exists():
            raise BuildError(f"two {of} hold {child.name!r}", where=where, hint="each has to have names of its own")
        child.rename(root / child.name)


def inside(payload: Payload, name: str) -> Path:
    """Where the file or tree ``name`` of ``payload`` lies. Raises BuildError."""
    source = payload.root / name
    if not source.resolve().is_relative_to(payload.root.resolve()):
        raise BuildError(
            f"the copy {name!r} leads out of the artifact",
            where=payload.artifact.name,
            hint="say where it lies inside the artifact",
        )
    if not source.exists() and not source.is_symlink():
        there = sorted(str(path.relative_to(payload.root)) for path in payload.root.rglob("*"))
        near = difflib.get_close_matches(name, there, n=1) or there[:1]
        raise BuildError(
            f"the artifact has no {name!r}",
            where=payload.artifact.name,
            hint=f"it has {near[0]!r}" if near else "the artifact is empty",
        )
    return source
