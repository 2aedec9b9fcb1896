"""When an artifact was made, as it says itself: a copy's time stamp on this machine tells nothing."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from calendar import timegm
from collections.abc import Iterator
from pathlib import Path

from katpkg.sources.members import Limits

EARLIEST = 315532800
"""1980-01-01, the first moment that a zip file can name: the date of what tells none."""

LATEST = (1 << 32) - 1
"""In 2106. What is later is no date, and would end the tools that are told it."""

DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error),
    *(OSError, EOFError, ValueError, OverflowError, NotImplementedError),
)


def date_of(path: Path) -> int:
    """The newest time that the archive at ``path`` gives one of its members, in seconds since the epoch, UTC."""
    try:
        return max((each for each in _moments(path) if EARLIEST <= each <= LATEST), default=EARLIEST)
    except DAMAGED:
        return EARLIEST  # what it is, and whether it is whole, is judged when it is unpacked


def _moments(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        head = file.read(68)
    if head.startswith(b"!<arch>\n"):
        yield int(head[24:36])
    elif head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            yield from (timegm((*each.date_time, 0, 0, 0)) for each in archive.infolist() if all(each.date_time[:3]))
    else:
        yield from _moments_of_tar(path)


def _moments_of_tar(path: Path) -> Iterator[int]:
    size, limit = 0, Limits().total
    with tarfile.open(path) as tar:
        for each in tar:
            yield int(each.mtime)
            size += each.size
            if size > limit:  # it will be refused; there is no need to go through all of it now
                return
