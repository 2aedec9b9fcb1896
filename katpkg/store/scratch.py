"""Files to be: where a directory's writers keep them until they are whole, and who may sweep them away.

A writer holds a lock on a file of its own for as long as it lives. The kernel drops that lock with the process, however
it ends, so whoever comes next knows whose files nobody will finish.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Self

from katpkg.store.base import HIDDEN
from katpkg.store.tree import make_directory


class NewFile:
    """A file that is written, and gone at last unless it was renamed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        os.fchmod(self._handle, 0o644)  # readable by the web server whatever the umask
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            self.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def write(self, block: bytes) -> None:
        """Append ``block``."""
        done = os.write(self._handle, block)
        while done < len(block):
            done += os.write(self._handle, memoryview(block)[done:])

    def sync(self, moment: datetime | None) -> None:
        """Make it durable, and ``moment`` its time, if any."""
        if moment is not None:
            os.utime(self._handle, (moment.timestamp(), moment.timestamp()))
        os.fsync(self._handle)

    def close(self) -> None:
        """Nothing more is written. Some file systems say only now that the disk is full."""
        handle, self._handle = self._handle, -1
        os.close(handle)


class Scratch:
    """Names for the temporary files of one writer below ``root``, and the lock that all its writers share."""

    def __init__(self, root: str) -> None:
        self._directory = f"{root}/{HIDDEN}"
        self._writer = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._starting = threading.Lock()
        self._is_registered = False

    def file(self) -> NewFile:
        """A temporary file that nobody else uses. The first call sweeps what dead writers left."""
        if not self._is_registered:
            self._register()
        return NewFile(f"{self._directory}/new-{self._writer}-{next(self._numbers)}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be alone, among all processes and threads; it dies with its process."""
        handle = self._open("lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _register(self) -> None:
        with self._starting:
            if self._is_registered:
                return
            with self.lock():  # nobody sweeps between the making of our file and its lock
                self._sweep()
                handle = self._open(f"writer-{self._writer}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            weakref.finalize(self, _resign, f"{self._directory}/writer-{self._writer}", handle)
            self._is_registered = True

    def _sweep(self) -> None:
        names = [name.split("-") for name in os.listdir(self._directory)]
        living = {name[1] for name in names if name[0] == "writer" and self._is_alive(name[1])}
        for name in names:
            if name[0] in ("new", "writer") and name[1] not in living:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self._directory}/{'-'.join(name)}")

    def _is_alive(self, writer: str) -> bool:
        handle = self._open(f"writer-{writer}")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def _open(self, name: str) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(f"{self._directory}/{name}", flags, 0o600)
        except FileNotFoundError:
            self._make_directories()
            return os.open(f"{self._directory}/{name}", flags, 0o600)

    def _make_directories(self) -> None:
        root = os.path.dirname(self._directory)
        os.makedirs(os.path.dirname(root), exist_ok=True)
        make_directory(root)
        with contextlib.suppress(FileExistsError):
            os.mkdir(self._directory, 0o700)


def _resign(path: str, handle: int) -> None:
    """End a writer in good order; nothing of it is left. Whatever the disk says now, all is done already."""
    with contextlib.suppress(OSError):
        os.unlink(path)
    with contextlib.suppress(OSError):
        os.close(handle)
