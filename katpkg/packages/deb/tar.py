"""tar headers, tar(5): ustar, GNU's long names and the three records of pax that say what and how much a member is.

The standard library's reader is three times slower, and forgives what dpkg and tar then read in different ways: wrong
sums of headers it takes for the end, numbers and names in which rubbish follows, members of unknown kinds.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from katpkg.packages.deb.plain import LARGEST, Damaged, Plain

BLOCK = 512
ZEROS = bytes(BLOCK)
HEADER = struct.Struct("100s 8s 16x 12s 12x 8s c 100s 8s 80x 155s 12x")
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \x00", bytes(8)
LARGEST_EXTENSION = 1 << 20
RECORDS = ("path", "linkpath", "size")


class Kind(Enum):
    """What a member is."""

    FILE = "file"
    HARD_LINK = "hard link"
    SYMLINK = "symlink"
    DIRECTORY = "directory"
    DEVICE = "device or pipe"
    EXTENSION = "word about the next member"


KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"1": Kind.HARD_LINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.DEVICE,
    b"4": Kind.DEVICE,
    b"5": Kind.DIRECTORY,
    b"6": Kind.DEVICE,
    b"L": Kind.EXTENSION,
    b"K": Kind.EXTENSION,
    b"x": Kind.EXTENSION,
    b"g": Kind.EXTENSION,
}
EXTENSIONS = {b"L": "path", b"K": "linkpath"}
"""What they say in their whole content; the others do so in pax records."""


class TarMember(NamedTuple):
    """A member as its headers tell it. A tuple, because an archive of packages has millions."""

    name: str
    kind: Kind
    mode: int
    size: int
    target: str
    """What a link points to."""
    flag: bytes
    """How the header spells its kind."""


def read_tar(stream: Plain) -> Iterator[TarMember]:
    """The members of the archive in ``stream``, each when its content is next; the caller may read of that.

    Raises Damaged when the archive is not whole, or not plainly one thing to all who read it.
    """
    said: dict[str, str] = {}
    while (member := _read_header(stream)) is not None:
        if member.kind is Kind.EXTENSION:
            _merge(said, _read_extension(stream, member), member.flag)
            continue
        if said:
            member, said = _amended(member, said), {}
        end = stream.position + _padded(member.size)
        yield _checked(member)
        stream.skip(end - stream.position)
    if said:
        raise Damaged("a header is about a member that does not come")
    while rest := stream.rest():
        if rest != bytes(len(rest)):  # strip() is twenty times slower
            raise Damaged("something comes after its end")


def _read_header(stream: Plain) -> TarMember | None:
    block = stream.read(BLOCK)
    if len(block) < BLOCK:
        raise Damaged("it is cut off")
    if block == ZEROS:
        return None
    path, mode, size, checksum, flag, target, magic, prefix = HEADER.unpack(block)
    if _number(checksum) != _sum(block):
        raise Damaged(f"the tar header at byte {stream.position - BLOCK} has a wrong checksum")
    if magic not in (USTAR, GNU, V7):
        raise Damaged(f"the tar header at byte {stream.position - BLOCK} is of no known kind")
    name = _text(path)
    if magic == USTAR and prefix[0]:
        name = f"{_text(prefix)}/{name}"
    kind = KINDS.get(flag)
    if kind is None:
        raise Damaged(f"{name!r} is of a kind ({flag!r}) that has no place in a package")
    return TarMember(name, kind, _number(mode), _number(size), _text(target), flag)


def _amended(member: TarMember, said: dict[str, str]) -> TarMember:
    """``member`` as other headers have it."""
    size = int(said.get("size", member.size))
    return member._replace(name=said.get("path", member.name), size=size, target=said.get("linkpath", member.target))


def _checked(member: TarMember) -> TarMember:
    name, kind, _, size, _, flag = member
    if kind is Kind.FILE and name.endswith("/"):
        # Before ustar this was a directory, and to dpkg it still is.
        if flag != b"\0":
            raise Damaged(f"{name!r} is a file with the name of a directory")
        kind = Kind.DIRECTORY
    if size > LARGEST:
        raise Damaged(f"{name!r} is larger than any package")
    if size and kind is not Kind.FILE:
        raise Damaged(f"{name!r} is a {kind.value} with content")
    return member if kind is member.kind else member._replace(kind=kind)


def _read_extension(stream: Plain, header: TarMember) -> dict[str, str]:
    if header.size > LARGEST_EXTENSION:
        raise Damaged("a name in it is longer than a file system takes")
    content = stream.read(header.size)
    stream.skip(_padded(header.size) - len(content))
    key = EXTENSIONS.get(header.flag)
    return {key: _text(content)} if key else dict(_parse_records(content))


def _merge(said: dict[str, str], more: dict[str, str], flag: bytes) -> None:
    if flag == b"g":
        if more:
            raise Damaged(f"it says {', '.join(more)} of all members at once")
        return
    if said.keys() & more.keys():
        raise Damaged(f"a member has its {' and '.join(said.keys() & more.keys())} twice")
    said |= more


def _parse_records(content: bytes) -> Iterator[tuple[str, str]]:
    """Of pax records, ``LENGTH KEY=VALUE\\n``, those that matter here."""
    at = 0
    seen = set()
    while at < len(content):
        digits, space, _ = content[at : at + 9].partition(b" ")
        if not space or not digits.isdigit():
            raise Damaged("a pax record has no length")
        record = content[at : at + int(digits)]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if len(record) != int(digits) or not record.endswith(b"\n") or not equals:
            raise Damaged("a pax record does not end where it says")
        name = key.decode("utf-8", "replace")
        if name.startswith("GNU.sparse") or name in seen:
            raise Damaged(f"the pax record {name} has no place in it, or not twice")
        if name in RECORDS:
            if b"\0" in value or (name == "size" and not (value.isdigit() and len(value) < 20)):
                raise Damaged(f"the pax record {name} has no such value")
            seen.add(name)
            yield name, value.decode("utf-8", "surrogateescape")
        at += len(record)


def _text(field: bytes) -> str:
    if not field[0]:
        return ""
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


@lru_cache(maxsize=1 << 12)
def _number(field: bytes) -> int:
    """Octal digits, or GNU's big endian binary for what they cannot say. Kept, because modes and sizes come again."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.rstrip(b" \0").lstrip(b" ") or b"0"
    if digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            pass
    raise Damaged(f"{field!r} is no number")


def _sum(block: bytes) -> int:
    """The sum of the header's bytes, its checksum taken for spaces.

    The lower half of Adler-32 is one more than the sum, modulo a prime that 256 bytes cannot reach.
    """
    halves = (zlib.adler32(block[:256]) & 0xFFFF) + (zlib.adler32(block[256:]) & 0xFFFF) - 2
    return halves - (zlib.adler32(block[148:156]) & 0xFFFF) + 1 + 8 * ord(" ")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
