"""Reading a built .deb back: what is known of a package is what its file says, and nothing of it is run or unpacked.

Stricter than dpkg-deb, python-debian and apt-ftparchive, which each accept some of what is refused here: members out of
order or twice, fields twice, a second stanza, control characters, a file that is cut off, paths that lead elsewhere.
The file is read once, from its beginning to its end, and hashed on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from katpkg.model.binary import BinaryPackage, Members
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.packages.deb.ar import ArMember, invalid, read_ar
from katpkg.packages.deb.control import parse_control
from katpkg.packages.deb.paths import Paths, normal
from katpkg.packages.deb.plain import Damaged, Plain
from katpkg.packages.deb.tar import Kind, read_tar
from katpkg.report import Reporter

LARGEST_CONTROL = 1 << 20
PIECE = 1 << 18


def read_deb(path: Path, *, look_inside: bool = True) -> BinaryPackage:
    """What the .deb at ``path`` is and holds. Raises BuildError.

    Without ``look_inside`` its data is hashed and not unpacked; that is done, and may raise, when its members are asked
    for. An index needs no more, and unpacking is most of the work with small packages of others.
    """
    with path.open("rb") as file:
        deb = read_ar(file, path)
        reading = _Reading(file)
        try:
            fields = parse_control(_control(reading, deb.control))
            members: Members = Unread(path=str(path))
            if look_inside:
                members = partial(_split, "\n".join(_paths(reading, deb.data)))
        except Damaged as error:
            raise invalid(path, f"it is damaged: {error}") from error
        except ValueError as error:
            raise invalid(path, str(error)) from error
        return BinaryPackage(path=path, digest=reading.finish(), fields=fields, members=members)


def read_debs(paths: Sequence[Path], reporter: Reporter, *, look_inside: bool = True) -> Iterator[BinaryPackage]:
    """``read_deb`` of each of ``paths``, in their order, and none of them kept. Raises BuildError at the first bad one.

    One after the other: what threads and processes cost on top is more than two of them save by the clock.
    """
    with reporter.progress("reading packages", len(paths)) as meter:
        for path in paths:
            yield read_deb(path, look_inside=look_inside)
            meter.advance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """The members of a .deb that is read when somebody asks."""

    path: str

    def __call__(self) -> tuple[str, ...]:
        """The paths that it holds. Raises BuildError."""
        return list_members(Path(self.path))


def list_members(path: Path) -> tuple[str, ...]:
    """The paths that the .deb at ``path`` holds. Raises BuildError."""
    return read_deb(path).members()


class _Reading:
    """A file that is read from its beginning, and hashed as it goes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self._size = 0

    def take(self, size: int) -> bytes:
        """The next bytes, ``size`` or what there is."""
        piece = self._file.read(size)
        self._sha256.update(piece)
        self._size += len(piece)
        return piece

    def open(self, member: ArMember) -> Plain:
        """The plain bytes of ``member``, which is ahead."""
        self.take(member.offset - self._size)
        return Plain(self.take, member.size, member.suffix)

    def finish(self) -> Digest:
        """The digest of the whole file, whose rest is read now."""
        while self.take(PIECE):
            pass
        return Digest(size=self._size, sha256=Sha256(self._sha256.hexdigest()))


def _control(reading: _Reading, member: ArMember) -> bytes:
    """The control file's bytes."""
    stream = reading.open(member)
    found = []
    for each in read_tar(stream):
        if normal(each.name) == "control":
            if each.kind is not Kind.FILE or each.size > LARGEST_CONTROL:
                raise ValueError("its control file is no file, or too large")
            found.append(stream.read(each.size))
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} control files")
    return found[0]


def _paths(reading: _Reading, member: ArMember) -> list[str]:
    paths = Paths()
    for each in read_tar(reading.open(member)):
        paths.add(each)
    return paths.finish()


def _split(listing: str) -> tuple[str, ...]:
    return tuple(listing.split("\n")) if listing else ()
