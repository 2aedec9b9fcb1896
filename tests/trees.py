"""What lies where, before and after."""

from __future__ import annotations

import stat
from pathlib import Path

from katpkg.model.digests import Digest

Tree = dict[str, tuple[object, ...]]


def tree(root: Path, *, times: bool = False) -> Tree:
    """All below ``root``: what each thing is, its mode and content, and with ``times`` when it was written."""
    return {str(path.relative_to(root)): _what(path, times=times) for path in sorted(root.rglob("*"))}


def unfinished(root: Path) -> list[str]:
    """What somebody was still at work on: every name that begins with a dot, but for locks, which may stay."""
    return [name for name in tree(root) if Path(name).name.startswith(".") and Path(name).name not in STAY]


STAY = (".katpkg",)
"""The store's own directory."""


def _what(path: Path, *, times: bool) -> tuple[object, ...]:
    status = path.lstat()
    when = (status.st_mtime_ns,) if times else ()
    if path.is_symlink():
        return (str(path.readlink()), *when)
    if path.is_dir():
        return ("directory", stat.S_IMODE(status.st_mode))
    return (str(Digest.of(path)), stat.S_IMODE(status.st_mode), *when)
