"""A tar archive as members, plain or compressed. The standard library parses it, and only that."""

from __future__ import annotations

import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Self

from katpkg.sources.members import Limits, Links, Member, MemberKind, judge, normal_name, unsafe

DAMAGED = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, ValueError)

KINDS = {
    tarfile.REGTYPE: MemberKind.FILE,
    tarfile.AREGTYPE: MemberKind.FILE,
    tarfile.DIRTYPE: MemberKind.DIRECTORY,
    tarfile.SYMTYPE: MemberKind.SYMLINK,
    tarfile.LNKTYPE: MemberKind.HARDLINK,
}


class Tar:
    """An open tar archive. It is read twice: once to judge it, once to unpack it."""

    def __init__(self, stream: BinaryIO, where: str) -> None:
        self._stream = stream
        self._packed = os.fstat(stream.fileno()).st_size
        self._where = where

    @classmethod
    @contextmanager
    def open(cls, path: Path, where: str) -> Iterator[Self]:
        """The archive at ``path``. Raises SourceError when it is damaged, there or later."""
        with path.open("rb") as stream:
            yield cls(stream, where)

    def judge(self, limits: Limits, links: Links) -> None:
        """Raise SourceError unless all of it may be unpacked."""
        judge((member for member, _ in self._read(limits)), self._packed, limits, links, self._where)

    def contents(self) -> Iterator[tuple[Member, IO[bytes] | None]]:
        """Each member with its bytes, in the order of the archive."""
        yield from self._read(Limits())

    def _read(self, limits: Limits) -> Iterator[tuple[Member, IO[bytes] | None]]:
        self._stream.seek(0)
        try:
            with tarfile.open(fileobj=self._stream, mode="r:*", errors="surrogateescape") as tar:
                for info in tar:
                    if info.size > limits.total:
                        raise unsafe(f"it unpacks to more than {limits.total >> 20} MiB", self._where)
                    member = self._member(info)
                    if member.name:
                        yield member, tar.extractfile(info) if member.kind is MemberKind.FILE else None
                    vars(tar)["members"].clear()  # it would keep them all
        except DAMAGED as error:
            raise unsafe(f"it is no whole tar archive: {error}", self._where) from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise unsafe(f"it is no whole archive: {error}", self._where) from error

    def _member(self, info: tarfile.TarInfo) -> Member:
        kind = KINDS.get(info.type, MemberKind.OTHER)
        name = normal_name(info.name, self._where)
        if not name and kind is not MemberKind.DIRECTORY:
            raise unsafe(f"the name {info.name!r} names nothing", self._where)
        return Member(
            name=name,
            kind=kind,
            size=info.size if kind is MemberKind.FILE else 0,
            executable=bool(info.mode & 0o111),
            target=normal_name(info.linkname, self._where) if kind is MemberKind.HARDLINK else info.linkname,
        )
