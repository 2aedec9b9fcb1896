"""When an artifact was made, as it says itself: a copy's time stamp on this machine tells nothing."""

from __future__ import annotations

import tarfile
import zipfile
from calendar import timegm
from pathlib import Path

EARLIEST = 315532800
"""1980-01-01, the first moment that a zip file can name: the date of what tells none."""


def date_of(path: Path) -> int:
    """The newest time that the archive at ``path`` gives one of its members, in seconds since the epoch, UTC."""
    with path.open("rb") as file:
        head = file.read(68)
    if head.startswith(b"!<arch>\n"):
        return max(_number(head[24:36]), EARLIEST)
    try:
        if head.startswith(b"PK"):
            with zipfile.ZipFile(path) as archive:
                return max((timegm((*each.date_time, 0, 0, 0)) for each in archive.infolist()), default=EARLIEST)
        with tarfile.open(path) as tar:
            return max((int(each.mtime) for each in tar), default=EARLIEST)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, ValueError):
        return EARLIEST  # what it is, and whether it is whole, is judged when it is unpacked


def _number(text: bytes) -> int:
    return int(text) if text.strip().isdigit() else 0
