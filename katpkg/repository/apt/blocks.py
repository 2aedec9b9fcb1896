"""An index in blocks: cut where its own records say, so that a change touches the block it is in and no other.

Each block is a member of the .gz file and a block of the .xz file. Where a block ends depends on nothing but the
records since the last cut, so an index that grew by one record at a time is, byte for byte, the one made at once; and
after a change the old cuts are met again within a block or two.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from katpkg.repository.apt.xz import XzBlock, compress_block, split_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large blocks are, in bytes of plain text."""

    least: int
    """All but the last one."""
    spread: int
    """How much more they are on the average."""
    most: int


ORDINARY = Sizes(least=336 << 10, spread=144 << 10, most=672 << 10)
"""Measured on Debian's own index: 1.13 times one .xz stream and 1.01 times one .gz, and 60 ms a change."""

LARGE = Sizes(least=16 << 20, spread=1 << 20, most=24 << 20)
"""For an archive that is to rest: as small as one stream, but a change touches much more."""

FEED = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of records, compressed both ways."""

    gz: bytes | memoryview
    xz: XzBlock


def compress(plain: bytes) -> Block:
    """``plain`` as a block; always the same bytes for the same text."""
    return Block(gz=gzip(plain), xz=compress_block(plain))


def gzip(plain: bytes) -> bytes:
    """``plain`` as a member of a gzip file that has neither name nor time."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return engine.compress(plain) + engine.flush()


MAGIC = gzip(b"")[:10]
"""What each member begins with; compressed text has it once in 2 ** 80 bytes."""


def split_members(content: bytes) -> list[memoryview]:
    """The members of a gzip file that ``gzip`` made, none of them unpacked. Raises ValueError when it did not."""
    starts = [found.start() for found in re.finditer(re.escape(MAGIC), content)]
    if starts[:1] != [0]:
        raise ValueError("it does not begin as a gzip file of ours")
    view = memoryview(content)
    return [view[start:end] for start, end in pairwise([*starts, len(view)])]


def gunzip(member: bytes | memoryview, most: int = 0) -> bytes:
    """The plain text of a member, or the first ``most`` bytes of it. Raises zlib.error and EOFError."""
    engine = zlib.decompressobj(wbits=31)
    plain = engine.decompress(member, most)
    if not engine.eof and (most == 0 or len(plain) < most):
        raise EOFError("the gzip file is cut off")
    return plain


def read_blocks(gz: bytes, xz: bytes | None) -> Iterator[tuple[bytes, Block | None]]:
    """The plain text of each block, with its compressed forms when both files are cut alike.

    Raises zlib.error and EOFError when ``gz`` is damaged.
    """
    blocks = _blocks_of(xz)
    for plain, member in read_members(gz):
        block = next(blocks, None)
        if block is None or block.plain != len(plain):
            blocks = iter(())
            yield plain, None
        else:
            yield plain, Block(gz=member, xz=block)


def read_members(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The plain text of each member of a gzip file, and the member as it is. Raises zlib.error and EOFError."""
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


def _blocks_of(xz: bytes | None) -> Iterator[XzBlock]:
    try:
        return iter(split_blocks(xz) if xz is not None else ())
    except ValueError:  # made by somebody else: it is compressed anew
        return iter(())
