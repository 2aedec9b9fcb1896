"""What is inside a compressed index, a piece at a time."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

PIECE = 1 << 20
LONGEST = 16 << 20
"""Bytes of a stanza that nobody would write."""


class Damaged(ValueError):
    """It is not what its name says."""


class Engine(Protocol):
    """What takes one compressed stream apart: LZMADecompressor's interface, and bz2's."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""

    @property
    def unused_data(self) -> bytes:
        """What follows the stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """What ``data`` adds."""


class _Gzip:
    """The same of zlib."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        return not self._engine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, max_length)


ENGINES: dict[str, Callable[[], Engine]] = {
    ".gz": _Gzip,
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
    ".lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
}


class Expansion:
    """The plain text of a file in ``form``; iterated over once."""

    def __init__(self, form: str, blocks: Iterable[bytes]) -> None:
        self._form = form
        self._blocks = blocks
        self.streams = 0
        """How many there were, one after the other."""

    @staticmethod
    def is_known(form: str) -> bool:
        """Whether we can look inside."""
        return not form or form in ENGINES

    def __iter__(self) -> Iterator[bytes]:
        """Pieces. Raises Damaged."""
        if not self._form:
            yield from self._blocks
            return
        engine: Engine | None = None
        try:
            for block in self._blocks:
                while block:
                    if engine is None:
                        engine = ENGINES[self._form]()
                        self.streams += 1
                    yield from _drain(engine, block)
                    block = engine.unused_data if engine.eof else b""
                    engine = None if engine.eof else engine
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise Damaged(str(error)) from error
        if engine is not None:
            raise Damaged("it is cut off")


def split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The stanzas of an index, without the empty lines between them. Raises Damaged."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        yield from (text for each in whole if (text := each.strip(b"\n")))
        if len(rest) > LONGEST:
            raise Damaged(f"a stanza has more than {LONGEST} bytes")
    if text := rest.strip(b"\n"):
        yield text


def _drain(engine: Engine, block: bytes) -> Iterator[bytes]:
    yield engine.decompress(block, PIECE)
    while not engine.eof and not engine.needs_input:
        yield engine.decompress(b"", PIECE)
