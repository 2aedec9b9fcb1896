"""The outer shape of a .deb, deb(5): an ar archive of exactly three members in one order. Nothing else is one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from katpkg.errors import BuildError

MAGIC = b"!<arch>\n"
HEADER_SIZE = 60
SUFFIXES = ("", ".gz", ".xz", ".zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArMember:
    """A member and where its bytes lie in the file."""

    name: str
    offset: int
    size: int

    @property
    def suffix(self) -> str:
        """How it is compressed: one of SUFFIXES."""
        return self.name[self.name.index(".tar") + 4 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deb:
    """The two members of a .deb that matter."""

    control: ArMember
    data: ArMember


def read_ar(file: BinaryIO, path: Path) -> Deb:
    """The members of the .deb in ``file``, which was opened from ``path``; ends at its beginning.

    Raises BuildError for whatever dpkg would refuse, and for more.
    """
    members = _members(file, path)
    names = [member.name for member in members]
    if names[:1] != ["debian-binary"] or len(names) != 3:
        raise invalid(path, f"it holds {', '.join(names) or 'nothing'}, not debian-binary, control.tar and data.tar")
    version, control, data = members
    if not (_is(control, "control.tar") and _is(data, "data.tar")):
        raise invalid(path, f"after debian-binary come {control.name} and {data.name}, not control.tar and data.tar")
    file.seek(version.offset)
    if file.read(version.size) != b"2.0\n":
        raise invalid(path, "it is of another format version than 2.0")
    file.seek(0)
    return Deb(control=control, data=data)


def invalid(path: Path, reason: str) -> BuildError:
    """The one error for all that can be wrong with a .deb."""
    return BuildError(f"{path.name} is no valid package: {reason}", where=str(path))


def _is(member: ArMember, name: str) -> bool:
    return member.name.startswith(name) and member.name.removeprefix(name) in SUFFIXES


def _members(file: BinaryIO, path: Path) -> list[ArMember]:
    size = os.fstat(file.fileno()).st_size
    members = []
    if file.read(len(MAGIC)) != MAGIC:
        raise invalid(path, "it does not begin as an ar archive does")
    offset = len(MAGIC)
    while offset < size:
        file.seek(offset)
        member = parse_header(file.read(HEADER_SIZE), offset, path)
        if member.offset + member.size > size:
            raise invalid(path, f"{member.name} is cut off")
        members.append(member)
        if len(members) > 3:
            break
        offset = member.offset + member.size + member.size % 2
    return members


def parse_header(header: bytes, offset: int, path: Path) -> ArMember:
    """The member whose header stands at ``offset`` of the archive at ``path``. Raises BuildError."""
    size = header[48:58].rstrip(b" ")
    if len(header) != HEADER_SIZE or header[58:] != b"`\n" or not size.isdigit():
        raise invalid(path, f"there is something at byte {offset} that is no member of an ar archive")
    name = header[:16].decode("ascii", "replace").rstrip().removesuffix("/")
    return ArMember(name=name, offset=offset + HEADER_SIZE, size=int(size))
