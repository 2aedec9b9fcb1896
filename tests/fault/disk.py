"""A disk that is full: a real, small file system with a little more room each time, until a publication fits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.fault.cases import Case
from tests.fault.ground import Ground, judge_directory

BLOCK = 4096
ENOUGH = 40
"""Blocks that a publication takes, and some more."""


@contextmanager
def disk(path: Path, blocks: int) -> Iterator[None]:
    """What is at ``path``, on a file system of its own with room for ``blocks`` more. Needs root."""
    inside = path.rename(path.with_name("inside"))
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={1 << 24}", "tmpfs", path], check=True)
    try:
        shutil.copytree(inside, path, symlinks=True, dirs_exist_ok=True)
        usage = shutil.disk_usage(path)
        resize(path, usage.used + blocks * BLOCK)
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def resize(path: Path, size: int) -> None:
    """Have the file system at ``path`` hold ``size`` bytes."""
    subprocess.run(["mount", "-o", f"remount,size={size}", path], check=True)


def cases(ground: Ground) -> list[Case]:
    """From no room at all to enough."""
    return [Case(name=f"{blocks} free blocks", play=partial(_play, ground, blocks)) for blocks in range(ENOUGH)]


def _play(ground: Ground, blocks: int, work: Path) -> Iterator[str]:
    here = ground.copy(work / "ground")
    with disk(here.public, blocks):
        done = here.publish()
        resize(here.public, 1 << 24)
        yield from judge_directory(here, done)
