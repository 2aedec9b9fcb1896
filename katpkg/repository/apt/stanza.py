"""A stanza of Packages: one package of an index. What is published is copied as bytes and never rendered again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from katpkg.model.binary import INPUTS_FIELD, BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName, Sha256
from katpkg.model.version import Version
from katpkg.repository.published import Key, PublishedPackage

GENERATED = frozenset({"Filename", "Size", "SHA256", "MD5sum", "SHA1", "SHA512", "Description-md5"})
"""Fields that the archive says; whatever a package says in them itself is left out."""

END = b"\n\n"
"""What ends a stanza in an index; it is part of the stanza's bytes here."""

_FIELDS = re.compile(rb"^(Package|Version|Architecture): *(.*?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza(PublishedPackage):
    """One package of an index, and its very bytes, with the empty line after it."""

    @classmethod
    def of(cls, package: BinaryPackage, filename: str) -> Self:
        """The stanza of a built package that lies at ``filename``."""
        lines = [
            f"{name}: {value}" if value[:1] != "\n" else f"{name}:{value}"
            for name, value in package.fields.items()
            if name not in GENERATED
        ]
        lines += [f"Filename: {filename}", f"Size: {package.digest.size}", f"SHA256: {package.digest.sha256}"]
        return cls(
            key=(package.name, package.version, package.architecture),
            filename=filename,
            digest=package.digest,
            inputs=package.inputs,
            text="\n".join(lines).encode() + END,
        )

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """The stanza that ``text`` is. Raises ValueError or KeyError when it is none."""
        fields = parse_fields(text.decode())
        return cls(
            key=(PackageName(fields["Package"]), Version(fields["Version"]), Architecture(fields["Architecture"])),
            filename=fields["Filename"],
            digest=Digest(size=int(fields["Size"]), sha256=Sha256(fields["SHA256"])),
            inputs=fields.get(INPUTS_FIELD, ""),
            text=text,
        )


def key_of(text: bytes) -> Key:
    """The key of the stanza that ``text`` begins with, without looking at the rest of it. Raises KeyError."""
    fields = {name: value.decode() for name, value in _FIELDS.findall(text)}
    return PackageName(fields[b"Package"]), Version(fields[b"Version"]), Architecture(fields[b"Architecture"])


def split_stanzas(plain: bytes) -> list[bytes]:
    """The stanzas of ``plain``, each with the empty line after it."""
    return [text.lstrip(b"\n") + END for text in plain.split(END) if text.strip(b"\n")]


def parse_fields(text: str) -> dict[str, str]:
    """The fields of a stanza. Raises ValueError."""
    fields: dict[str, str] = {}
    name = ""
    for line in text.rstrip("\n").split("\n"):
        if line[:1] in (" ", "\t"):
            fields[name] += f"\n{line}"
        else:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"{line!r} is no field")
            fields[name] = value.strip()
    return fields
