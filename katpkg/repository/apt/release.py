"""Release, which says what a suite is and lists the digests of its indexes (the repository format of apt)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.model.suite import SuiteSpec

FOREVER = ("Origin", "Label", "Codename")
"""Fields that clients refuse to see changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A Release file: its fields, its date, and the indexes by their path relative to the suite's directory."""

    fields: Mapping[str, str]
    date: datetime
    indexes: Mapping[str, Digest]

    @classmethod
    def of(cls, suite: SuiteSpec, date: datetime, indexes: Mapping[str, Digest]) -> Self:
        """What ``suite`` says of itself at ``date`` (to the second, UTC)."""
        fields = {
            "Origin": str(suite.origin),
            "Label": str(suite.label),
            "Suite": str(suite.name),
            "Codename": str(suite.name),
            "Architectures": " ".join(suite.architectures),
            "Components": str(suite.component),
            "Acquire-By-Hash": "yes",
            "Description": str(suite.description),
        }
        if not suite.is_stable:
            fields |= {"NotAutomatic": "yes", "ButAutomaticUpgrades": "yes"}
        return cls(fields=fields, date=date, indexes=indexes)

    def render(self) -> bytes:
        """The file: fields, Date in RFC 1123's form whatever the locale, digests sorted by path."""
        lines = [f"{name}: {value}" for name, value in self.fields.items()]
        lines += [f"Date: {format_datetime(self.date.astimezone(UTC), usegmt=True)}", "SHA256:"]
        lines += [f" {digest.sha256} {digest.size:>16} {path}" for path, digest in sorted(self.indexes.items())]
        return "\n".join([*lines, ""]).encode()

    @classmethod
    def parse(cls, text: bytes, where: str) -> Self:
        """The Release file that ``text`` is. Raises RepositoryError."""
        head, found, digests = text.decode("utf-8", "replace").partition("\nSHA256:\n")
        try:
            fields = dict(line.split(": ", 1) for line in head.splitlines())
            date = parsedate_to_datetime(fields.pop("Date")).astimezone(UTC)
            indexes = dict(_parse_digest(line) for line in digests.splitlines())
        except (ValueError, KeyError) as error:
            raise RepositoryError("the published Release cannot be read", where=where, details=str(error)) from error
        if not found:
            raise RepositoryError("the published Release lists no SHA256 digests", where=where)
        return cls(fields=fields, date=date, indexes=indexes)

    def says_the_same(self, other: Release) -> bool:
        """Whether nothing but the date differs."""
        return dict(self.fields) == dict(other.fields) and dict(self.indexes) == dict(other.indexes)


def _parse_digest(line: str) -> tuple[str, Digest]:
    sha256, size, path = line.split()
    return path, Digest(size=int(size), sha256=Sha256(sha256))
