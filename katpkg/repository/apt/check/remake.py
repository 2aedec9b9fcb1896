"""One form of an index made from another: both are cut alike, so it comes out byte for byte as it was published."""

from __future__ import annotations

import lzma
import zlib

from katpkg.model.digests import Digest
from katpkg.repository.apt.blocks import gzip, read_blocks
from katpkg.repository.apt.xz import compress_block, join_blocks, split_blocks


def remake(form: str, other: bytes, digest: Digest) -> bytes | None:
    """The file that has ``digest``, made from its ``other`` form; None when that does not lead to it."""
    try:
        made = _xz(other) if form == ".xz" else _gz(other)
    except (ValueError, EOFError, zlib.error, lzma.LZMAError):
        return None
    return made if Digest.of(made) == digest else None


def _xz(gz: bytes) -> bytes:
    return join_blocks(compress_block(plain) for plain, _ in read_blocks(gz, None))


def _gz(xz: bytes) -> bytes:
    return b"".join(gzip(lzma.decompress(join_blocks([block]))) for block in split_blocks(xz))
