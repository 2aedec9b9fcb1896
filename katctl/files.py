"""Files that are whole or not there."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace ``path`` in one step; what a crash leaves is the old file or the new one. Makes its directory (0755)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(mode)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def put(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Have ``path`` say ``text``; without text it goes."""
    if text:
        write(path, text, mode=mode)
    else:
        path.unlink(missing_ok=True)


def stale(wanted: Iterable[tuple[Path, str]]) -> dict[Path, str]:
    """Of files and what they should say, those that do not; one that should say nothing may be missing."""
    return {path: text for path, text in wanted if read(path) != text}


def give(root: Path, account: str) -> None:
    """All in ``root`` becomes ``account``'s and its group's; no link is followed."""
    owner = pwd.getpwnam(account)
    os.chown(root, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    for directory, below, names in os.walk(root):
        for name in (*below, *names):
            os.chown(f"{directory}/{name}", owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def read(path: Path) -> str:
    """What ``path`` holds; nothing when it is not there."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
