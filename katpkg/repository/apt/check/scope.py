"""What one verification is about: shared by all that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from katpkg.repository.apt.check.archive import Archive
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.witness import Witness

SAMPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What is asked of an archive."""

    is_ours: bool = True
    """Whether we made it, or somebody who owes us nothing."""
    sample: int | None = SAMPLE
    """How many package files are read, the newest first; None: all."""
    least_validity: timedelta = timedelta()
    """How much longer clients must be able to rely on it."""
    kept: int = 10
    """How many generations must be whole."""
    kept_for: timedelta = timedelta(hours=48)
    """And those that are younger than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite that is looked at."""

    name: str
    archive: Archive
    witness: Witness
    now: datetime
    demands: Demands

    def key(self, path: str) -> str:
        """Where a file of the suite lies in the archive."""
        return f"dists/{self.name}/{path}"

    def where(self, path: str) -> str:
        """The same for people."""
        return self.archive.where(self.key(path))

    def read(self, path: str) -> bytes | None:
        """Its bytes; None when it is missing, or cannot be read, which is told."""
        return self.archive.read(self.name, self.key(path))

    def has(self, path: str) -> bool:
        """Whether it is there."""
        return self.archive.look(self.name, self.key(path)) is not None

    def has_failed(self, path: str) -> bool:
        """Whether it was told already that it cannot be read."""
        return self.archive.has_failed(self.key(path))

    def tell(self, rule: Rule, path: str, what: str, *, hint: str = "") -> None:
        """The file at ``path`` breaks ``rule``."""
        self.archive.findings.add(rule, self.name, self.where(path), what, hint=hint)
