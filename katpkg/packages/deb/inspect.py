"""Reading a built .deb back: what is known of a package is what its file says, and nothing of it is run or unpacked.

Stricter than dpkg-deb, python-debian and apt-ftparchive, which each accept some of what is refused here: members out of
order or twice, fields twice, a second stanza, control characters, a file that is cut off, paths that lead elsewhere.
The file is read once, from its beginning to its end, and hashed on the way.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

from katpkg.model.binary import BinaryPackage, Members
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.packages.deb.ar import PIECE, DebReader, invalid
from katpkg.packages.deb.control import parse_control
from katpkg.packages.deb.paths import Paths, normal
from katpkg.packages.deb.plain import Damaged, Plain
from katpkg.packages.deb.tar import Kind, read_tar
from katpkg.report import Reporter

LARGEST_CONTROL = 1 << 20
_control_name = lru_cache(maxsize=256)(normal)
"""Of a member of the control archive; packages have the same few."""


def read_deb(path: Path | str, *, look_inside: bool = True) -> BinaryPackage:
    """What the .deb at ``path`` is and holds. Raises BuildError.

    Without ``look_inside`` its data is hashed and not unpacked; that is done, and may raise, when its members are asked
    for. An index needs no more, and unpacking is most of the work with small packages of others.
    """
    with _Reading(path) as reading:
        deb = DebReader(reading.take, path)
        try:
            fields = parse_control(_control(deb))
            data = deb.data()
            members: Members = Unread(path=str(path))
            if look_inside:
                members = partial(_split, "\n".join(_paths(deb.unpack(data))))
            deb.finish()
            return BinaryPackage(file=str(path), digest=reading.digest(), fields=fields, members=members)
        except Damaged as error:
            raise invalid(path, f"it is damaged: {error}") from error
        except ValueError as error:
            raise invalid(path, str(error)) from error


def read_debs(paths: Sequence[str], reporter: Reporter, *, look_inside: bool = True) -> Iterator[BinaryPackage]:
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
        return list_members(self.path)


def list_members(path: Path | str) -> tuple[str, ...]:
    """The paths that the .deb at ``path`` holds. Raises BuildError."""
    return read_deb(path).members()


class _Reading:
    """A file that is read from its beginning, and hashed as it goes. A small one is read at once.

    By its descriptor: a file object for each of fifty thousand costs more than reading them.
    """

    def __init__(self, path: Path | str) -> None:
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._ahead = b""
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        while len(self._ahead) - self._at < size and (piece := os.read(self._handle, PIECE)):
            self._sha256.update(piece)
            self._size += len(piece)
            self._ahead, self._at = self._ahead[self._at :] + piece, 0
        taken = self._ahead[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def digest(self) -> Digest:
        """Of the file, which was read to its end."""
        return Digest(size=self._size, sha256=Sha256(self._sha256.hexdigest()))


def _control(deb: DebReader) -> bytes:
    """The control file's bytes."""
    stream = deb.unpack(deb.control())
    found = []
    for each in read_tar(stream):
        if _control_name(each.name) == "control":
            if each.kind is not Kind.FILE or each.size > LARGEST_CONTROL:
                raise ValueError("its control file is no file, or too large")
            found.append(stream.read(each.size))
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} control files")
    return found[0]


def _paths(stream: Plain) -> list[str]:
    paths = Paths()
    for each in read_tar(stream):
        paths.add(each)
    return paths.finish()


def _split(listing: str) -> tuple[str, ...]:
    return tuple(listing.split("\n")) if listing else ()
