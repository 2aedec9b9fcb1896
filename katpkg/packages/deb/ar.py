"""The outer shape of a .deb, deb(5): an ar archive of exactly three members in one order. Nothing else is one."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from katpkg.errors import BuildError
from katpkg.packages.deb.plain import Plain
from katpkg.packages.hints import AGAIN

MAGIC = b"!<arch>\n"
HEADER_SIZE = 60
SUFFIXES = ("", ".gz", ".xz", ".zst")
PIECE = 1 << 16
"""Bytes to read at once: for more, malloc(3) asks the kernel each time."""


class Member(NamedTuple):
    """A member by its header."""

    name: str
    size: int


class DebReader:
    """A .deb as it streams by: its control member, its data member, its end. Nobody goes back.

    Its methods raise BuildError for whatever dpkg would refuse, and for more.
    """

    def __init__(self, take: Callable[[int], bytes], path: Path | str) -> None:
        """``take`` gives the next so many bytes of the file, and fewer at its end alone; ``path`` is for people."""
        self._take = take
        self._path = path
        self._left = self._padding = 0
        """Of the member that is in hand."""
        if take(len(MAGIC)) != MAGIC:
            raise invalid(path, "it does not begin as an ar archive does")
        version = self._next("debian-binary", ("",))
        if self.take(version.size) != b"2.0\n":
            raise invalid(path, "it is of another format version than 2.0")

    def control(self) -> Member:
        """What the package says of itself: the member that comes first."""
        return self._next("control.tar", SUFFIXES)

    def data(self) -> Member:
        """What it installs, after whatever was not taken of ``control``."""
        return self._next("data.tar", SUFFIXES)

    def take(self, size: int) -> bytes:
        """The next bytes of the member in hand; fewer than ``size`` when it ends, or the file does."""
        piece = self._take(min(size, self._left))
        self._left -= len(piece)
        return piece

    def unpack(self, member: Member) -> Plain:
        """The plain bytes of ``member``, which is in hand."""
        return Plain(self.take, member.size, member.name[member.name.index(".tar") + 4 :])

    def finish(self) -> None:
        """Pass over what is left of the member in hand: after it nothing may come."""
        self._pass()
        if header := self._take(HEADER_SIZE):
            raise self._misplaced(self._parse(header), "at its end")

    def _next(self, name: str, suffixes: tuple[str, ...]) -> Member:
        self._pass()
        header = self._take(HEADER_SIZE)
        if not header:
            raise invalid(self._path, f"it ends where {name} belongs")
        member = self._parse(header)
        if not (member.name.startswith(name) and member.name[len(name) :] in suffixes):
            raise self._misplaced(member, f"where {name} belongs")
        self._left, self._padding = member.size, member.size % 2
        return member

    def _pass(self) -> None:
        while self._left and self.take(PIECE):
            pass
        if self._left or (self._padding and not self._take(1)):
            raise invalid(self._path, "it is cut off")

    def _parse(self, header: bytes) -> Member:
        size = header[48:58].rstrip(b" ")
        if len(header) != HEADER_SIZE or header[58:] != b"`\n" or not size.isdigit():
            raise invalid(self._path, f"it has something that is no member of an ar archive: {header[:16]!r}")
        return Member(_name(header[:16]), int(size))

    def _misplaced(self, member: Member, where: str) -> BuildError:
        return invalid(self._path, f"it holds {member.name} {where}; there are debian-binary, control.tar and data.tar")


@lru_cache(maxsize=64)
def _name(field: bytes) -> str:
    """Kept, because packages have the same few."""
    return field.decode("ascii", "replace").rstrip(" ").removesuffix("/")


def invalid(path: Path | str, reason: str) -> BuildError:
    """The one error for all that can be wrong with a .deb."""
    hint = f"{AGAIN}, and see dpkg-deb --info {shlex.quote(str(path))}"
    return BuildError(f"{Path(path).name} is no valid package: {reason}", where=str(path), hint=hint)
