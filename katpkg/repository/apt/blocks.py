"""An index in blocks: cut where its own stanzas say, so that a change touches the block it is in and no other.

Each block is a member of the .gz file and a block of the .xz file. Where a block ends depends on nothing but the
stanzas since the last cut, so an index that grew by one stanza at a time is, byte for byte, the one made at once; and
after a change the old cuts are met again within a block or two.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from katpkg.repository.apt.xz import XzBlock, compress_block, split_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large blocks are, in bytes of plain text."""

    least: int
    """All but the last one."""
    spread: int
    """How much more they are on the average."""
    most: int


ORDINARY = Sizes(least=320 << 10, spread=128 << 10, most=640 << 10)
"""Measured on Debian's own index: 1.11 times one .xz stream and 1.01 times one .gz, and 60 ms a change."""

LARGE = Sizes(least=16 << 20, spread=1 << 20, most=24 << 20)
"""For an archive that is to rest: as small as one stream, but a change touches much more."""

FEED = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of stanzas, compressed both ways."""

    gz: bytes | memoryview
    xz: XzBlock


def compress(plain: bytes) -> Block:
    """``plain`` as a block; always the same bytes for the same text."""
    return Block(gz=gzip(plain), xz=compress_block(plain))


def gzip(plain: bytes) -> bytes:
    """``plain`` as a member of a gzip file that has neither name nor time."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return engine.compress(plain) + engine.flush()


def read_blocks(gz: bytes, xz: bytes | None) -> Iterator[tuple[bytes, Block | None]]:
    """The plain text of each block, with its compressed forms when both files are cut alike.

    Raises zlib.error and EOFError when ``gz`` is damaged.
    """
    blocks = _blocks_of(xz)
    for plain, member in _members(gz):
        block = next(blocks, None)
        if block is None or block.plain != len(plain):
            blocks = iter(())
            yield plain, None
        else:
            yield plain, Block(gz=member, xz=block)


def cut(stanzas: Iterable[bytes], sizes: Sizes) -> Iterator[bytes]:
    """``stanzas`` joined to blocks; what is left after the last cut is the last block."""
    cutter = Cutter(sizes)
    for stanza in stanzas:
        if (block := cutter.add(stanza)) is not None:
            yield block
    if (block := cutter.finish()) is not None:
        yield block


class Cutter:
    """Collects stanzas until they are a block."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._parts: list[bytes] = []
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, stanza: bytes) -> bytes | None:
        """The block that ``stanza`` ends, if it ends one."""
        self._parts.append(stanza)
        self._size += len(stanza)
        # the longer the stanza, the likelier the cut: so the average holds whatever the stanzas' length
        chosen = zlib.crc32(stanza) * self._sizes.spread < len(stanza) << 32
        if self._size >= self._sizes.most or (self._size >= self._sizes.least and chosen):
            return self.finish()
        return None

    def finish(self) -> bytes | None:
        """What was collected since the last cut."""
        if not self._parts:
            return None
        block = b"".join(self._parts)
        self._parts, self._size = [], 0
        return block


def _blocks_of(xz: bytes | None) -> Iterator[XzBlock]:
    try:
        return iter(split_blocks(xz) if xz is not None else ())
    except ValueError:  # made by somebody else: it is compressed anew
        return iter(())


def _members(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The members of a gzip file: plain text, and the bytes as they are."""
    view = memoryview(content)
    start = 0
    while start < len(view):
        engine = zlib.decompressobj(wbits=31)
        parts, at = [], start
        while not engine.eof:
            if at >= len(view):
                raise EOFError("the gzip file is cut off")
            parts.append(engine.decompress(view[at : at + FEED]))
            at += FEED
        end = min(at, len(view)) - len(engine.unused_data)
        yield b"".join(parts), view[start:end]
        start = end
