"""A zip file as members. The standard library parses it; what it parses is checked against the file itself."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

from katpkg.sources.members import Limits, Links, Member, MemberKind, judge, normal_name, unsafe

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
ENCRYPTED = 0x1
KNOWN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)

WHEEL = re.compile(r"[^/]+\.dist-info/WHEEL")


class Zip:
    """An open zip file."""

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes], packed: int, where: str) -> None:
        self._archive = archive
        self._file = file
        self._packed = packed
        self._where = where

    @classmethod
    @contextmanager
    def open(cls, path: Path, where: str) -> Iterator[Self]:
        """The zip file at ``path``. Raises SourceError when it is none, or damaged, there or later."""
        try:
            with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                yield cls(archive, file, path.stat().st_size, where)
        except DAMAGED as error:
            raise unsafe(f"it is no whole zip file: {error}", where) from error

    def judge(self, limits: Limits, links: Links) -> None:
        """Raise SourceError unless all of it may be unpacked."""
        infos = sorted(self._archive.infolist(), key=lambda info: info.header_offset)
        if infos and infos[0].header_offset != 0:
            raise unsafe("there is something before its first member", self._where)
        end = 0
        for info in infos:
            if info.header_offset < end:
                raise unsafe(f"{info.filename!r} overlaps the member before it", self._where)
            end = self._judge_header(info)
        judge((self._member(info) for info in self._archive.infolist()), self._packed, limits, links, self._where)

    def contents(self) -> Iterator[tuple[Member, IO[bytes] | None]]:
        """Each member with its bytes, in the order of the archive."""
        for info in self._archive.infolist():
            member = self._member(info)
            if member.kind is MemberKind.FILE:
                with self._archive.open(info) as content:
                    yield member, content
            elif member.name:
                yield member, None

    def _judge_header(self, info: zipfile.ZipInfo) -> int:
        """Where the member ends, when its own header agrees with the directory's."""
        if info.flag_bits & ENCRYPTED:
            raise unsafe(f"{info.filename!r} is encrypted", self._where)
        if info.compress_type not in KNOWN_METHODS:
            raise unsafe(f"{info.filename!r} is neither stored nor deflated", self._where)
        self._file.seek(info.header_offset)
        fields: tuple[bytes | int, ...] = LOCAL_HEADER.unpack(self._file.read(LOCAL_HEADER.size))
        name_length, extra_length = int(fields[9]), int(fields[10])
        name = self._file.read(name_length)
        directory_name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
        if fields[0] != b"PK\x03\x04" or name != directory_name:
            raise unsafe(f"{info.filename!r} has another name in its own header", self._where)
        return info.header_offset + LOCAL_HEADER.size + name_length + extra_length + info.compress_size

    def _member(self, info: zipfile.ZipInfo) -> Member:
        mode = info.external_attr >> 16
        if info.orig_filename != info.filename:
            raise unsafe(f"the name {info.orig_filename!r} has a NUL or a backslash in it", self._where)
        return Member(
            name=normal_name(info.filename, self._where),
            kind=_kind(info, mode),
            size=0 if info.is_dir() else info.file_size,
            executable=bool(mode & 0o111),
        )


def is_wheel(path: Path) -> bool:
    """Whether the zip file at ``path`` is a wheel, and not one that holds a wheel and has been given its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(WHEEL.fullmatch(name) for name in archive.namelist())
    except DAMAGED:
        return False


def _kind(info: zipfile.ZipInfo, mode: int) -> MemberKind:
    if info.is_dir():
        return MemberKind.DIRECTORY
    if stat.S_IFMT(mode) in (0, stat.S_IFREG):
        return MemberKind.FILE
    return MemberKind.OTHER  # a symbolic link in a zip file is taken for one by nobody else
