"""Packages, the index: stanzas in order. What is published is copied as bytes and never rendered again."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName, Sha256
from katpkg.model.package import INPUTS_FIELD, BinaryPackage
from katpkg.model.version import Version

GENERATED = ("Filename", "Size", "SHA256", "MD5sum", "SHA1", "SHA512", "Description-md5")
"""Fields that the archive says; whatever a package says in them itself is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One package of an index, and its very bytes (without the empty line after it)."""

    name: PackageName
    version: Version
    architecture: Architecture
    filename: str
    digest: Digest
    inputs: str
    text: bytes

    @property
    def key(self) -> tuple[PackageName, Version, Architecture]:
        """What there can be one of in an archive."""
        return self.name, self.version, self.architecture

    @classmethod
    def of(cls, package: BinaryPackage, filename: str) -> Self:
        """The stanza of a built package that lies at ``filename``."""
        kept = {name: value for name, value in package.fields.items() if name not in GENERATED}
        fields = kept | {"Filename": filename, "Size": str(package.digest.size), "SHA256": package.digest.sha256}
        text = "\n".join(
            f"{name}: {value}" if value[:1] != "\n" else f"{name}:{value}" for name, value in fields.items()
        )
        return cls.parse(text.encode())

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """The stanza that ``text`` is. Raises ValueError or KeyError when it is none."""
        fields = _fields(text.decode())
        return cls(
            name=PackageName(fields["Package"]),
            version=Version(fields["Version"]),
            architecture=Architecture(fields["Architecture"]),
            filename=fields["Filename"],
            digest=Digest(size=int(fields["Size"]), sha256=Sha256(fields["SHA256"])),
            inputs=fields.get(INPUTS_FIELD, ""),
            text=text,
        )


def parse_packages(content: bytes, where: str) -> dict[tuple[PackageName, Version, Architecture], Stanza]:
    """The stanzas of an index, in its order. Raises RepositoryError."""
    try:
        stanzas = [Stanza.parse(text) for text in content.strip(b"\n").split(b"\n\n") if text]
    except (ValueError, KeyError) as error:
        raise RepositoryError("the published index cannot be read", where=where, details=str(error)) from error
    return {stanza.key: stanza for stanza in stanzas}


def render_packages(stanzas: Iterable[Stanza]) -> bytes:
    """The index of ``stanzas``, sorted by name, version and architecture."""
    ordered = sorted(stanzas, key=lambda stanza: stanza.key)
    return b"".join(stanza.text + b"\n\n" for stanza in ordered)


def compress(content: bytes) -> Mapping[str, bytes]:
    """``content`` by suffix: plain, .gz and .xz, always the same bytes for the same content."""
    return {
        "": content,
        ".gz": gzip.compress(content, 9, mtime=0),
        ".xz": lzma.compress(content, check=lzma.CHECK_CRC64, preset=6),
    }


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            fields[name] += f"\n{line}"
        else:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"{line!r} is no field")
            fields[name] = value.strip()
    return fields
