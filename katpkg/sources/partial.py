"""The beginning of a file that is being brought: it has one owner at a time, and outlives one that was stopped."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.report import Meter


class Arrival:
    """A file that is being brought. It is hashed as it comes, so that it need not be read again."""

    def __init__(self, file: BinaryIO, meter: Meter) -> None:
        self._file = file
        self._meter = meter
        self._sha256 = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # a BinaryIO is read like any
        self._size = file.tell()
        meter.advance(self._size)

    @property
    def size(self) -> int:
        """How many bytes are here, of this try or of an earlier one."""
        return self._size

    @property
    def digest(self) -> Digest:
        """What is here."""
        return Digest(size=self._size, sha256=Sha256(self._sha256.hexdigest()))

    def add(self, block: bytes) -> None:
        """The next bytes. Raises OSError."""
        rest = memoryview(block)
        while rest:  # a disk that is nearly full takes a part, and says so the next time
            rest = rest[self._file.write(rest) :]
        self._sha256.update(block)
        self._size += len(block)
        self._meter.advance(len(block))

    def restart(self) -> None:
        """Forget what is here: it begins anew. Raises OSError."""
        self._file.seek(0)
        self._file.truncate()
        self._sha256 = hashlib.sha256()
        self._meter.advance(-self._size)
        self._size = 0


@contextmanager
def claimed(path: Path) -> Iterator[BinaryIO]:
    """Within it, ``path`` is there and nobody else's, open to be read and written; whoever has it is waited for.

    It is no longer ours once it was renamed or removed: whatever is at ``path`` then is the next one's. Raises OSError.
    """
    with os.fdopen(_claim(path), "r+b", buffering=0) as file:
        yield file


def _claim(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # while we waited, its owner finished it and gave it its name
