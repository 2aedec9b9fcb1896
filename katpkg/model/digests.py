"""SHA-256, the one digest that is used: of bytes and of files, read once."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from katpkg.model.names import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What identifies content: its size in bytes and its SHA-256."""

    size: int
    sha256: Sha256

    def __str__(self) -> str:
        return f"sha256 {self.sha256}, {self.size} bytes"

    @classmethod
    def of(cls, content: bytes | Path) -> Self:
        """The digest of ``content``, or of the file at ``content``."""
        if isinstance(content, bytes):
            return cls(size=len(content), sha256=Sha256(hashlib.sha256(content).hexdigest()))
        with content.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(size=file.tell(), sha256=Sha256(sha256))

    def is_of(self, path: Path) -> bool:
        """Whether the file at ``path`` has this content; not when there is none, or somebody takes it away."""
        try:
            return self.fits(path) and Digest.of(path) == self
        except FileNotFoundError:
            return False

    def fits(self, path: Path) -> bool:
        """Whether a file of this size lies at ``path``. It is not read."""
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == self.size
