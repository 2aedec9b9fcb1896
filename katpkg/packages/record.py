"""RECORD, the list of files that an installed distribution has, and keeping it true while files are changed."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Row = tuple[str, str, str]
"""Path relative to site-packages, ``sha256=…`` in base64, size; the last two may be empty."""


@dataclass(frozen=True, slots=True)
class Record:
    """One distribution's RECORD file (PyPA's recording-installed-packages specification)."""

    path: Path

    @property
    def site_packages(self) -> Path:
        """What its paths are relative to."""
        return self.path.parent.parent

    def rows(self) -> Iterator[Row]:
        """Its rows, in their order."""
        with self.path.open(newline="") as file:
            for row in csv.reader(file):
                yield row[0], row[1], row[2]

    def rewrite(self, change: Callable[[Row], Row | None]) -> None:
        """Replace each row by ``change`` of it, or drop it when that is None. Writes only when something changed."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(
            changed for row in self.rows() if (changed := change(row)) is not None
        )
        content = text.getvalue().encode()
        if content != self.path.read_bytes():
            self.path.write_bytes(content)

    def located(self, name: str) -> Path:
        """Where the file of a row lies."""
        return self.site_packages / name


def records(site_packages: Path) -> tuple[Record, ...]:
    """The records of all distributions in ``site_packages``, sorted."""
    return tuple(Record(path) for path in sorted(site_packages.glob("*.dist-info/RECORD")))


def row_of(name: str, file: Path) -> Row:
    """The row that is true of ``file``."""
    content = file.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return name, f"sha256={digest}", str(len(content))
