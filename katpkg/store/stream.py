"""What lies in a bucket, as a stream that outlives broken connections."""

from __future__ import annotations

import io
from typing import Any

from katpkg.errors import StoreError
from katpkg.store.refusals import Refused
from katpkg.store.wire import Answer, Wire


class Stream(io.RawIOBase):
    """The object under ``key`` from start to end; where a connection breaks, the next goes on. Raises StoreError."""

    def __init__(self, wire: Wire, key: str, answer: Answer) -> None:
        self._wire = wire
        self._key = key
        self._body: Any = answer["Body"]
        self._etag = answer["ETag"]
        self._size = answer["ContentLength"]
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # Buffer is 3.12's
        """Fill ``buffer`` as far as the next bytes go."""
        view = memoryview(buffer)
        if self._position == self._size:
            return 0
        block = self._read(len(view))
        view[: len(block)] = block
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        """Give the connection back, or up."""
        if not self.closed:
            self._body.close()
        super().close()

    def _read(self, size: int) -> bytes:
        from botocore.exceptions import BotoCoreError

        try:
            block: bytes = self._body.read(size)
        except BotoCoreError:
            block = b""
        return block or self._wire.fetch(
            "get_object", self._key, lambda answer: self._resume(answer, size), Range=f"bytes={self._position}-"
        )

    def _resume(self, answer: Answer, size: int) -> bytes:
        self._body.close()
        self._body = answer["Body"]
        if answer["ETag"] != self._etag:
            raise StoreError("it was replaced while it was read", where=self._wire.where(self._key), hint="try again")
        block: bytes = self._body.read(size)
        if not block:
            raise Refused("IncompleteReadError", "the answer is empty", where=self._wire.where(self._key))
        return block
