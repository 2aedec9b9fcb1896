"""Bytes on their way into a store: read once, and hashed as they pass."""

from __future__ import annotations

import hashlib
import io
from typing import BinaryIO, Self

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256


class Content:
    """A stream of ``source`` that does not give away its last block unless the whole is what ``digest`` says.

    It reads from the start to the end; ``seek(0)`` begins anew, as a second try to send it does.
    """

    def __init__(self, key: str, source: bytes | str, digest: Digest) -> None:
        self._key = key
        self._digest = digest
        self._file = io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source)
        self._hash = hashlib.sha256()
        self._size = 0
        self._is_whole = False
        self.refusal: StoreError | None = None
        """Why the stream broke off, for whom it was hidden from by a layer in between."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """The next block. Raises StoreError in place of the last one when this is not what was planned."""
        if self._is_whole:
            return b""
        block = self._file.read(size) or b""
        self._hash.update(block)
        self._size += len(block)
        if size and (not block or self._size >= self._digest.size):
            self._verify(is_end=len(block) < size)
        return block

    def read_full(self, size: int) -> bytes:
        """The next ``size`` bytes, or what is left."""
        blocks = []
        while size and (block := self.read(size)):
            blocks.append(block)
            size -= len(block)
        return b"".join(blocks)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to the start; or elsewhere, to measure, but not to read there."""
        if offset == 0 and whence == io.SEEK_SET:
            self._hash = hashlib.sha256()
            self._size = 0
            self._is_whole = False
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """How far it is read."""
        return self._file.tell()

    def _verify(self, *, is_end: bool) -> None:
        more = b"" if is_end else self._file.read(1) or b""
        size, sha256 = self._size + len(more), self._hash.hexdigest()
        if (size, sha256) != (self._digest.size, self._digest.sha256):
            found = Digest(size=size, sha256=Sha256(sha256))
            self.refusal = changed(self._key, self._digest, found)
            raise self.refusal
        self._is_whole = True


def digest_of(stream: BinaryIO) -> Digest:
    """The digest of what is left to read in ``stream``."""
    sha256, size = hashlib.sha256(), 0
    while block := stream.read(1 << 20):
        sha256.update(block)
        size += len(block)
    return Digest(size=size, sha256=Sha256(sha256.hexdigest()))


def changed(key: str, planned: Digest, found: Digest) -> StoreError:
    """The error for a file that is not any more what was planned."""
    return StoreError(
        f"{key.rpartition('/')[2]} changed after it was looked at: it is not published",
        where=key,
        hint="let nothing write to it meanwhile, and publish again",
        details=f"planned: {planned}\nfound:   {found}",
    )
