"""A package in the metadata of a repository: three records, one for each file. Published ones are copied as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.binary import INPUTS_FIELD
from katpkg.model.digests import Digest
from katpkg.model.names import PackageName, Sha256
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version
from katpkg.repository.published import Key, PublishedPackage
from katpkg.repository.rpm.layout import UP

KINDS = ("primary", "filelists", "other")
"""What dnf reads to decide, to find files, and to show changelogs."""

END = b"</package>\n"
"""What ends a record, and is in none: markup in text is escaped."""

_NAME = re.compile(rb'<name>([^<]*)</name>|<package [^>]*\bname="([^"]*)"')
_MACHINE = re.compile(rb'<arch>([^<]*)</arch>|<package [^>]*\barch="([^"]*)"')
_VERSION = re.compile(rb'<version epoch="([^"]*)" ver="([^"]*)" rel="([^"]*)"/>')
_LOCATION = re.compile(rb'<location href="([^"]*)"/>')
_CHECKSUM = re.compile(rb'<checksum type="sha256" pkgid="YES">([0-9a-f]{64})</checksum>')
_SIZE = re.compile(rb'<size package="([0-9]+)"')
_INPUTS = re.compile(rb'<rpm:entry name="%s" [^>]*ver="([0-9a-f]{64})"' % INPUTS_FIELD.lower().encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(PublishedPackage):
    """A package as primary.xml tells of it."""

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """The record that ``text`` is. Raises ValueError when it is none."""
        inputs = _INPUTS.search(text)
        return cls(
            key=key_of(text),
            filename=_word(_LOCATION, text).removeprefix(UP),
            digest=Digest(size=int(_word(_SIZE, text)), sha256=Sha256(_word(_CHECKSUM, text))),
            inputs=inputs[1].decode() if inputs else "",
            text=text,
        )


def key_of(text: bytes) -> Key:
    """The key of the record that ``text`` begins with, of any kind. Raises ValueError."""
    found = _VERSION.search(text)
    if found is None:
        raise ValueError("a package without a version")
    epoch, version, release = map(_text, found.groups())
    prefix = f"{epoch}:" if epoch != "0" else ""
    return (
        PackageName(_word(_NAME, text)),
        Version(f"{prefix}{version}-{release}"),
        PackageFormat.RPM.architecture(_word(_MACHINE, text)),
    )


def split_records(plain: bytes) -> list[bytes]:
    """The records of ``plain``, whatever stands before the first and after the last of them."""
    parts = plain.split(END)[:-1]
    return [part[part.index(b"<package ") :] + END for part in parts]


def render(path: Path, filename: str) -> tuple[bytes, bytes, bytes]:
    """The three records of the RPM at ``path``, which will lie at ``filename``; the same for the same file.

    Raises RepositoryError.
    """
    import createrepo_c  # takes as long as all the rest of a call that publishes no RPM

    try:
        package = createrepo_c.package_from_rpm(str(path))
        package.location_href = f"{UP}{filename}"
        package.time_file = package.time_build
        primary, filelists, other = (f"{text.strip()}\n".encode() for text in createrepo_c.xml_dump(package))
    except createrepo_c.CreaterepoCError as error:
        raise RepositoryError(
            f"{path.name} is no RPM", where=str(path), hint="get it again from where it came", details=str(error)
        ) from error
    return primary, filelists, other


def _word(pattern: re.Pattern[bytes], text: bytes) -> str:
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"a package without what {pattern.pattern.decode()} finds")
    return _text(next(group for group in found.groups() if group is not None))


def _text(escaped: bytes) -> str:
    """What it says; few names have anything to unescape."""
    text = escaped.decode()
    if "&" not in text:
        return text
    from html import unescape  # takes as long as planning the metadata

    return unescape(text)
