"""A directory to work in beside where the result goes: it goes with its owner, even with one that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".katpkg-"


@contextmanager
def workplace(parent: Path, name: str) -> Iterator[Path]:
    """A new directory in ``parent``, which is made when it is missing; it is gone afterwards.

    Its owner holds a lock on it, which the kernel gives up for the dead; so those of the dead are cleared away first.
    Raises OSError.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with held(parent):  # so that nobody clears away what was made but is not held yet
        _sweep(parent)
        directory = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{name}-", dir=parent, ignore_cleanup_errors=True)
        handle = _hold(Path(directory.name))
    try:
        with directory as path:
            yield Path(path)
    finally:
        os.close(handle)


@contextmanager
def held(directory: Path, wait: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Within it, nobody else holds ``directory``; ``wait`` is called before waiting for somebody who does."""
    try:
        handle = _hold(directory)
    except BlockingIOError:
        wait()
        handle = _hold(directory, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def _sweep(parent: Path) -> None:
    for left in sorted(parent.glob(f"{PREFIX}*")):
        try:
            handle = _hold(left)
        except (BlockingIOError, FileNotFoundError):  # its owner lives, or is just leaving
            continue
        shutil.rmtree(left, ignore_errors=True)
        os.close(handle)


def _hold(directory: Path, how: int = fcntl.LOCK_EX | fcntl.LOCK_NB) -> int:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, how)
    except BaseException:
        os.close(handle)
        raise
    return handle
