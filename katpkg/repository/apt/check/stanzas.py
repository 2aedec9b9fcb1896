"""A stanza of anybody's index: what it says of a package file, and what is wrong with that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from katpkg.model.version import Version
from katpkg.repository.apt.check.release import SECTIONS

WHOLE = re.compile(rb"[!-9;-~]+:.*(?:\n(?:[ \t].*|[!-9;-~]+:.*))*")
NAMES = {
    name.lower(): name
    for name in ("Package", "Version", "Architecture", "Filename", "Size", "SHA512", "SHA256", "SHA1", "MD5Sum")
}
"""The fields that count, digests in Release's words; apt does not look at how they are spelled."""
FIELD = re.compile(rf"^({'|'.join(NAMES)}):[ \t]*(.*?)[ \t]*$".encode(), re.MULTILINE | re.IGNORECASE)


class Identity(NamedTuple):
    """What there can be one of."""

    name: str
    version: str
    architecture: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.architecture})"


class Promise(NamedTuple):
    """What is said of a file."""

    size: int
    kind: str
    """Release's word for the digest, the strongest that there is."""
    digest: str
    suite: str
    """Where it is said."""

    def contradicts(self, other: Promise) -> bool:
        """Whether both cannot be true."""
        return self.size != other.size or (self.kind == other.kind and self.digest != other.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A package as an index lists it."""

    identity: Identity
    filename: str
    promise: Promise

    @classmethod
    def parse(cls, text: bytes, suite: str) -> Listing:
        """The package of a stanza. Raises ValueError when it is none, and KeyError with the field that it lacks."""
        if WHOLE.fullmatch(text) is None:
            raise ValueError("a line is neither a field nor goes on with one")
        pairs = [(NAMES[name.decode().lower()], value.decode()) for name, value in FIELD.findall(text)]
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise ValueError("a field stands there twice")
        kind = next((kind for kind in SECTIONS if kind in fields), None)
        if kind is None:
            raise KeyError("SHA256")
        size = fields["Size"]
        if not size.isdecimal():
            raise ValueError(f"Size is {size!r}")
        return cls(
            identity=Identity(fields["Package"], fields["Version"], fields["Architecture"]),
            filename=_tidy(fields["Filename"]),
            promise=Promise(int(size), kind, fields[kind], suite),
        )

    @property
    def is_outside(self) -> bool:
        """Whether the file lies outside of the archive, or could."""
        parts = self.filename.split("/")
        return ".." in parts or not parts[0] or re.search(r"[\x00-\x1f\\]|^[a-z]+:", self.filename) is not None


def is_before(one: Identity, other: Identity) -> bool:
    """Whether ``one`` stands before ``other`` in an index, or at the same place."""
    if one.name != other.name:
        return one.name < other.name
    if one.version != other.version:
        try:
            return Version(one.version) <= Version(other.version)
        except ValueError:
            return True  # no version at all: their order is the least of it
    return one.architecture <= other.architecture


def is_same(one: Identity, other: Identity) -> bool:
    """Whether ``one`` and ``other``, of one index, are the same version of a package for apt."""
    try:
        return one.name == other.name and Version(one.version).is_equal(Version(other.version))
    except ValueError:
        return one.version == other.version


def name_of(text: bytes) -> str:
    """What a stanza that may be broken calls itself, for people."""
    found = {name.lower(): value.decode("utf-8", "replace") for name, value in FIELD.findall(text)}
    words = [found[name] for name in (b"package", b"version") if name in found]
    return " ".join(words) or repr(text[:40].decode("utf-8", "replace"))


def _tidy(filename: str) -> str:
    """``filename`` as a key: others begin it with ./ (dpkg-scanpackages does), and double slashes."""
    return "/".join(part for part in filename.split("/") if part not in ("", ".")) if filename[:1] != "/" else filename
