"""Release as others write it too: any digests, any order, lines that are none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from katpkg.repository.apt.release import DAYS, MONTHS

SECTIONS = {"SHA512": "sha512", "SHA256": "sha256", "SHA1": "sha1", "MD5Sum": "md5"}
"""Release's words for digests, the strongest first, and hashlib's."""
STRONG = ("SHA512", "SHA256")

DATE = re.compile(
    rf"(?:{'|'.join(DAYS)}), (?P<day>\d\d?) (?P<month>{'|'.join(MONTHS)}) (?P<year>\d{{4}}) "
    r"(?P<hour>\d\d?):(?P<minute>\d\d):(?P<second>\d\d) (?:GMT|UTC|Z|[+-]0000)"
)
"""RFC 1123's form in UTC: all that every apt takes."""

PACKAGES = re.compile(r"(?P<component>.+)/binary-(?P<architecture>[^/]+)/Packages")
ITSELF = ("Release", "InRelease", "Release.gpg")
"""Files whose digests no Release can hold."""
FORMS = ("", ".gz", ".xz", ".bz2", ".lzma", ".zst", ".lz4")
"""An index itself, and its compressed forms."""

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file as Release lists it."""

    path: str
    size: int
    digests: Mapping[str, str]
    """In hex, by the name of the section."""

    @property
    def kind(self) -> str:
        """The section of the strongest digest: the one that apt goes by."""
        return next(name for name in SECTIONS if name in self.digests)

    @property
    def digest(self) -> str:
        """The strongest."""
        return self.digests[self.kind]

    @property
    def by_hash(self) -> str:
        """Where it lies under its strongest digest, as it is listed itself: relative to the suite."""
        directory, slash, _ = self.path.rpartition("/")
        return f"{directory}{slash}by-hash/{self.kind}/{self.digest}"

    @property
    def form(self) -> str:
        """How it is compressed."""
        return next((form for form in FORMS[1:] if self.path.endswith(form)), "")

    @property
    def stem(self) -> str:
        """The path of the same, not compressed."""
        return self.path.removesuffix(self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """What a Release file says, and what of it says nothing."""

    fields: Mapping[str, str]
    files: Mapping[str, ListedFile]
    problems: Sequence[str]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Whatever can be made of ``content``."""
        reader = _Reader()
        for line in content.decode("utf-8", "replace").splitlines():
            reader.take(line)
        return cls(fields=reader.fields, files=reader.files(), problems=reader.problems)

    def words(self, field: str) -> tuple[str, ...]:
        """The words of a field that lists some."""
        return tuple(self.fields.get(field, "").split())

    @property
    def has_by_hash(self) -> bool:
        """Whether clients ask for files by their digests."""
        return self.fields.get("Acquire-By-Hash", "").lower() in ("yes", "true", "1")

    def is_stored(self, listed: ListedFile) -> bool:
        """Whether ``listed`` must be there: beside its compressed forms the plain text is listed, and need not be."""
        return bool(listed.form) or len(self.forms_of(listed.path)) == 1

    def forms_of(self, stem: str) -> list[ListedFile]:
        """The index ``stem`` in every form that is listed."""
        return [self.files[f"{stem}{form}"] for form in FORMS if f"{stem}{form}" in self.files]


def parse_date(text: str) -> datetime:
    """The moment that ``text`` names. Raises ValueError when apt would not take it."""
    found = DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no date that every apt takes")
    year, day, hour, minute, second = (int(found[name]) for name in ("year", "day", "hour", "minute", "second"))
    return datetime(year, MONTHS.index(found["month"]) + 1, day, hour, minute, second, tzinfo=UTC)


class _Reader:
    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.problems: list[str] = []
        self._name = ""
        self._sizes: dict[str, int] = {}
        self._digests: dict[str, dict[str, str]] = {}

    def take(self, line: str) -> None:
        if line[:1] in (" ", "\t"):
            self._continue(line)
        elif found := _FIELD.fullmatch(line):
            self._name = next((name for name in SECTIONS if name.lower() == found[1].lower()), found[1])
            if self._name in self.fields:
                self.problems.append(f"{self._name} stands there twice")
            self.fields[self._name] = found[2].strip()
        elif line.strip():
            self.problems.append(f"{line[:80]!r} is no field")

    def files(self) -> dict[str, ListedFile]:
        return {
            path: ListedFile(path=path, size=size, digests=self._digests[path]) for path, size in self._sizes.items()
        }

    def _continue(self, line: str) -> None:
        if self._name not in SECTIONS:
            self.fields[self._name] = f"{self.fields.get(self._name, '')}\n{line.strip()}"
            return
        words = line.split()
        if len(words) != 3 or not words[1].isdecimal() or not re.fullmatch("[0-9a-f]{32,128}", words[0]):
            self.problems.append(f"{line.strip()[:80]!r} is no digest, size and path")
            return
        digest, size, path = words[0], int(words[1]), words[2]
        if self._sizes.setdefault(path, size) != size:
            self.problems.append(f"{path} has two sizes")
        self._digests.setdefault(path, {})[self._name] = digest
