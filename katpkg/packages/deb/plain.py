"""The plain bytes of a compressed stream: strict about its end, in flat memory, and never more than it may become."""

from __future__ import annotations

import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

LARGEST = 16 << 30
"""What a member may unpack to, in bytes."""
RATIO = 500
"""Plain to packed bytes; only asked of what unpacks to more than ``RATIO_FROM``. Debian has packages with 256."""
RATIO_FROM = 64 << 20
MEMORY = 128 << 20
"""What xz may take: twice what its greediest preset needs."""
TAKE = 1 << 17
GIVE = 1 << 20
"""How much is taken and given at once. Most packages are smaller, and done in one call."""


class Damaged(ValueError):
    """The stream, or the archive in it, is not whole, or not what its kind looks like; says what is wrong."""


class Decompressor(Protocol):
    """What lzma and zstd have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream's end was seen."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to give without more to take."""

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most ``max_length`` plain bytes, of ``data`` and of what was taken before."""


class Plain:
    """``size`` bytes of a stream that ``take`` yields, unpacked. Whatever is wrong with them raises Damaged."""

    def __init__(self, take: Callable[[int], bytes], size: int, suffix: str) -> None:
        self._take = take
        self._left = self._size = size
        self._decompressor, self._error = _decompressor(suffix, size)
        self._buffer = b""
        self._at = 0
        self._before = 0
        """Plain bytes that came before those of the buffer."""
        self._given = 0

    @property
    def position(self) -> int:
        """How many plain bytes were read or skipped."""
        return self._before + self._at

    def read(self, size: int) -> bytes:
        """The next ``size`` plain bytes, or fewer at the end."""
        while self._at + size > len(self._buffer) and (more := self._more()):
            self._keep(self._buffer[self._at :] + more, self._at)
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def skip(self, size: int) -> None:
        """Pass over the next ``size`` plain bytes."""
        self._at += size
        while (beyond := self._at - len(self._buffer)) > 0:
            self._keep(self._more(), len(self._buffer))
            self._at = beyond
            if not self._buffer:
                raise Damaged("it is cut off")

    def rest(self) -> bytes:
        """Whatever of the next piece was not read; empty at the end, which proves that the whole stream is sound."""
        piece = self._buffer[self._at :] or self._more()
        self._keep(b"", self._at + len(piece))
        return piece

    def _keep(self, buffer: bytes, passed: int) -> None:
        """Go on with ``buffer``, ``passed`` bytes after where the last one began."""
        self._buffer, self._at = buffer, 0
        self._before += passed

    def _more(self) -> bytes:
        """The next piece; empty at the end, and only there."""
        while not self._decompressor.eof:
            packed = self._take(min(TAKE, self._left)) if self._decompressor.needs_input else b""
            self._left -= len(packed)
            starved = self._decompressor.needs_input and not packed
            try:
                plain = self._decompressor.decompress(packed, GIVE)
            except self._error as error:
                raise Damaged(str(error)) from error
            if plain:
                self._count(plain)
                return plain
            if starved and not self._decompressor.eof:
                raise Damaged("it is cut off")
        if self._left or self._decompressor.unused_data:
            raise Damaged("it goes on after its end")
        return b""

    def _count(self, plain: bytes) -> None:
        self._given += len(plain)
        ratio = self._given // max(1, self._size - self._left)
        if self._given > LARGEST or (self._given > RATIO_FROM and ratio > RATIO):
            raise Damaged(f"it unpacks to {self._given >> 20} MiB and more, {ratio} times what it is")


class _Stored:
    """What is not compressed at all."""

    needs_input = True
    unused_data = b""

    def __init__(self, size: int) -> None:
        self._left = size

    @property
    def eof(self) -> bool:
        return self._left == 0

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002 - one piece in, one out
        self._left -= len(data)
        return data


class _Gunzip:
    """zlib's decompressor with the manners of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _decompressor(suffix: str, size: int) -> tuple[Decompressor, type[Exception]]:
    """What unpacks, and what it raises."""
    match suffix:
        case ".xz":
            return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY), lzma.LZMAError
        case ".gz":
            return _Gunzip(), zlib.error
        case ".zst":
            return _zstd()
        case _:
            return _Stored(size), Damaged


def _zstd() -> tuple[Decompressor, type[Exception]]:
    """zstd's, imported only for whoever meets such a package."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor(), zstd.ZstdError
