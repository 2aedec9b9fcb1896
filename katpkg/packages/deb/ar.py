"""The outer shape of a .deb, deb(5): an ar archive of exactly three members in one order. Nothing else is one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deb:
    """The two members of a .deb that matter."""

    path: Path
    control: ArMember
    data: ArMember

    def open(self, member: ArMember) -> io.BufferedReader:
        """The bytes of ``member``, still compressed."""
        return io.BufferedReader(_Slice(self.path, member.offset, member.size))


def read_ar(path: Path) -> Deb:
    """The members of the .deb at ``path``. Raises BuildError for whatever dpkg would refuse, and for more."""
    members = _members(path)
    names = [member.name for member in members]
    if names[:1] != ["debian-binary"] or len(names) != 3:
        raise invalid(path, f"it holds {', '.join(names) or 'nothing'}, not debian-binary, control.tar and data.tar")
    version, control, data = members
    if not (_is(control, "control.tar") and _is(data, "data.tar")):
        raise invalid(path, f"after debian-binary come {control.name} and {data.name}, not control.tar and data.tar")
    with path.open("rb") as file:
        file.seek(version.offset)
        if file.read(version.size) != b"2.0\n":
            raise invalid(path, "it is of another format version than 2.0")
    return Deb(path=path, control=control, data=data)


def invalid(path: Path, reason: str) -> BuildError:
    """The one error for all that can be wrong with a .deb."""
    return BuildError(f"{path.name} is no valid package: {reason}", where=str(path))


def _is(member: ArMember, name: str) -> bool:
    return member.name.startswith(name) and member.name.removeprefix(name) in SUFFIXES


def _members(path: Path) -> list[ArMember]:
    size = path.stat().st_size
    members = []
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise invalid(path, "it does not begin as an ar archive does")
        offset = len(MAGIC)
        while offset < size:
            file.seek(offset)
            member = _parse_header(file.read(HEADER_SIZE), offset, path)
            if member.offset + member.size > size:
                raise invalid(path, f"{member.name} is cut off")
            members.append(member)
            offset = member.offset + member.size + member.size % 2
    return members


def _parse_header(header: bytes, offset: int, path: Path) -> ArMember:
    size = header[48:58].strip()
    if len(header) != HEADER_SIZE or header[58:] != b"`\n" or not size.isdigit():
        raise invalid(path, f"there is something at byte {offset} that is no member of an ar archive")
    name = header[:16].decode("ascii", "replace").rstrip().removesuffix("/")
    return ArMember(name=name, offset=offset + HEADER_SIZE, size=int(size))


class _Slice(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file = path.open("rb")
        self._file.seek(offset)
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        content = self._file.read(min(len(buffer), self._left))
        self._left -= len(content)
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()
