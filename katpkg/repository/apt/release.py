"""Release, which says what a suite is and lists the digests of its indexes (the repository format of apt)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Component, Sha256
from katpkg.model.suite import SuiteSpec
from katpkg.repository.apt import layout
from katpkg.repository.base import MENDING

FOREVER = ("Origin", "Label", "Codename")
"""Fields that clients refuse to see changed."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A Release file: its fields, its dates, and the indexes by their path relative to the suite's directory."""

    fields: Mapping[str, str]
    date: datetime
    valid_until: datetime | None
    indexes: Mapping[str, Digest]

    @classmethod
    def of(cls, suite: SuiteSpec, date: datetime, indexes: Mapping[str, Digest]) -> Self:
        """What ``suite`` says of itself at ``date`` (to the second, UTC)."""
        listed = [shelf for path in indexes if (shelf := layout.shelf_of(path))]
        fields = {
            "Origin": str(suite.origin),
            "Label": str(suite.label),
            "Suite": str(suite.name),
            "Codename": str(suite.name),
            "Architectures": " ".join(_each_once(suite.architectures, (name for _, name in listed))),
            "Components": " ".join(sorted({name for name, _ in listed}, key=_main_first)),
            "Acquire-By-Hash": "yes",
            "Description": str(suite.description),
        }
        if not suite.is_stable:
            fields |= {"NotAutomatic": "yes", "ButAutomaticUpgrades": "yes"}
        valid_until = date + suite.valid_for if suite.valid_for else None
        return cls(fields=fields, date=date, valid_until=valid_until, indexes=indexes)

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """What it serves."""
        return tuple(Architecture(name) for name in self.fields.get("Architectures", "").split())

    @property
    def components(self) -> tuple[Component, ...]:
        """What it is divided into."""
        return tuple(Component(name) for name in self.fields.get("Components", "").split())

    def render(self) -> bytes:
        """The file: fields, dates in RFC 1123's form whatever the locale, digests sorted by path."""
        lines = [f"{name}: {value}" for name, value in self.fields.items()]
        lines += [f"Date: {_render_date(self.date)}"]
        lines += [f"Valid-Until: {_render_date(self.valid_until)}"] if self.valid_until else []
        lines += ["SHA256:"]
        lines += [f" {digest.sha256} {digest.size:>16} {path}" for path, digest in sorted(self.indexes.items())]
        return "\n".join([*lines, ""]).encode()

    @classmethod
    def parse(cls, text: bytes, where: str) -> Self:
        """The Release file that ``text`` is. Raises RepositoryError."""
        head, found, digests = text.decode("utf-8", "replace").partition("\nSHA256:\n")
        try:
            fields = dict(line.split(": ", 1) for line in head.splitlines())
            date = _parse_date(fields.pop("Date"))
            until = fields.pop("Valid-Until", None)
            indexes = dict(_parse_digest(line) for line in digests.splitlines())
        except (ValueError, KeyError) as error:
            said = "the published Release cannot be read"
            raise RepositoryError(said, where=where, hint=MENDING, details=str(error)) from error
        if not found:
            raise RepositoryError("the published Release lists no SHA256 digests", where=where, hint=MENDING)
        return cls(fields=fields, date=date, valid_until=_parse_date(until) if until else None, indexes=indexes)

    def says_the_same(self, other: Release) -> bool:
        """Whether nothing but the dates differs."""
        same_fields = dict(self.fields) == dict(other.fields) and bool(self.valid_until) == bool(other.valid_until)
        return same_fields and dict(self.indexes) == dict(other.indexes)


def _parse_digest(line: str) -> tuple[str, Digest]:
    sha256, size, path = line.split()
    return path, Digest(size=int(size), sha256=Sha256(sha256))


def _main_first(component: str) -> tuple[bool, str]:
    """An order that does not depend on what was published last."""
    return component != "main", component


def _each_once(first: Iterable[str], others: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *others]))


def _render_date(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{DAYS[moment.weekday()]}, {moment:%d} {MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


def _parse_date(text: str) -> datetime:
    _, day, month, year, clock, zone = text.split()
    if zone not in ("GMT", "UTC"):
        raise ValueError(f"{text!r} is not in UTC")
    hour, minute, second = clock.split(":")
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
