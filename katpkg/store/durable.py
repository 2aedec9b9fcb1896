"""What must survive a loss of power."""

from __future__ import annotations

import os


def sync(path: str) -> None:
    """Return when the file or directory at ``path`` is on its disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file_system(path: str) -> None:
    """Return when all that was written to the file system of ``path`` is on its disk: one call for any number of files.

    Raises OSError, also when a write-back in the background failed before. Where the C library has no syncfs(2), every
    file system is synced: slower, and silent about errors.
    """
    import ctypes  # a tenth of what a small publication costs, and reading needs none of it

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(handle)
