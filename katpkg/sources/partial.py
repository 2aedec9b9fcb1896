"""The beginning of a file that is being brought: it has one owner at a time, and outlives one that was stopped."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Within it, ``path`` is there and nobody else's; whoever has it is waited for. Raises OSError."""
    handle = _claim(path)
    try:
        yield
    finally:
        os.close(handle)


def _claim(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # while we waited, its owner finished it and gave it its name
