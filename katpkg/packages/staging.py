"""The entries of a package as files in a directory: what every format begins with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.package import Entry, EntryKind


def stage(entry: Entry, root: Path) -> None:
    """Put ``entry`` where it belongs below ``root``. Raises BuildError when it cannot be what it says it is."""
    if (entry.kind is EntryKind.CONFFILE) != entry.path.startswith("/etc/") and entry.kind is not EntryKind.TREE:
        raise BuildError(
            f"{entry.path} is a {entry.kind.value}: conffiles lie in /etc, and nothing else does", where=entry.path
        )
    place = root / entry.path.relative
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_file() or place.is_symlink():
        raise BuildError(
            "two parts of the package are this file",
            where=entry.path,
            hint="take one of them out of the module's description",
        )
    match entry.content:
        case bytes() as content:
            place.write_bytes(content)
        case str() as target:
            place.symlink_to(target)
        case Path() as source if entry.kind is EntryKind.TREE and source.is_dir():
            shutil.copytree(source, place, symlinks=True, copy_function=_link, dirs_exist_ok=True)
        case Path() as source:
            shutil.copy2(source, place, follow_symlinks=False)
    if entry.kind in (EntryKind.FILE, EntryKind.CONFFILE):
        place.chmod(entry.mode)


def _link(source: str, place: str) -> None:
    """A tree was laid out for this package alone, so that its files need no second copy (but on another disk)."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copy2(source, place)
