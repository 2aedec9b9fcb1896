"""Making an index anew: whole blocks are copied, compressed as they are; what is between them is cut anew."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.repository.apt.blocks import Sizes

Packed = TypeVar("Packed")
"""A block in its compressed forms."""
Kept = TypeVar("Kept")
"""The same, or nothing."""
Key = TypeVar("Key")
"""What an index is sorted by."""


class Rewriting(Generic[Packed]):
    """An index as far as it is made. Records are collected until one of them is where a block ends."""

    def __init__(self, compress: Callable[[bytes], Packed], sizes: Sizes) -> None:
        self._compress = compress
        self._sizes = sizes
        self._parts: list[bytes] = []
        self._collected = 0
        self._blocks: list[Packed] = []
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def is_at_cut(self) -> bool:
        """Whether a block may be copied now: nothing waits to become one."""
        return not self._parts

    def copy(self, plain: bytes, packed: Packed | None) -> None:
        """Add a whole block; it is compressed unless that was done before."""
        self._blocks.append(self._compress(plain) if packed is None else packed)
        self._hash.update(plain)
        self._size += len(plain)

    def keep(self, packed: Packed) -> None:
        """Add a whole block unread, where nobody will ask for the digest."""
        self._blocks.append(packed)

    def add(self, record: bytes, plain: bytes = b"", packed: Packed | None = None) -> None:
        """Add a record, which comes from the block ``plain`` if from any. A cut that gives that block again takes over
        its compressed forms.
        """
        self._parts.append(record)
        self._collected += len(record)
        # the longer the record, the likelier the cut: so the average holds whatever the records' length
        chosen = zlib.crc32(record) * self._sizes.spread < len(record) << 32
        if self._collected >= self._sizes.most or (self._collected >= self._sizes.least and chosen):
            self._cut(plain, packed)

    def finish(self) -> list[Packed]:
        """The blocks, what is left after the last cut being one too."""
        if self._parts:
            self._cut()
        return self._blocks

    @property
    def digest(self) -> Digest:
        """Of all that the blocks hold, once they are finished."""
        return Digest(size=self._size, sha256=Sha256(self._hash.hexdigest()))

    def _cut(self, plain: bytes = b"", packed: Packed | None = None) -> None:
        made = b"".join(self._parts)
        self._parts, self._collected = [], 0
        self.copy(made, packed if made == plain else None)


def with_following(
    blocks: Iterable[tuple[bytes, Kept]], first: Callable[[bytes], Key]
) -> Iterator[tuple[bytes, Kept, Key | None]]:
    """Each block, and the key that the one after it begins with."""
    held: tuple[bytes, Kept] | None = None
    for found in blocks:
        if held is not None:
            yield *held, first(found[0])
        held = found
    if held is not None:
        yield *held, None
