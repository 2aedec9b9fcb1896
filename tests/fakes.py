"""Twins of the edges, in memory: for faults that the real thing won't produce on demand, and for speed."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from katpkg.errors import SigningError
from katpkg.model.digests import Digest
from katpkg.repository.clearsigned import SIGNATURE, covered
from katpkg.repository.publication import Token
from katpkg.store.base import Stored
from katpkg.store.content import changed

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Ticking:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class MemoryStore:
    """A store in a dictionary; ``log`` has every key that was written, in order, and ``now`` is its clock."""

    parallel = 1

    def __init__(self, now: datetime = EPOCH) -> None:
        self.objects: dict[str, bytes] = {}
        self.times: dict[str, datetime] = {}
        self.log: list[str] = []
        self.now = now
        self._lock = threading.RLock()

    def where(self, key: str) -> str:
        return f"memory:{key}"

    def read(self, key: str) -> tuple[bytes, Token] | None:
        content = self.objects.get(key)
        return None if content is None else (content, self.token(content))

    def read_all(self, keys: Sequence[str]) -> Sequence[tuple[bytes, Token] | None]:
        return [self.read(key) for key in keys]

    def open(self, key: str) -> BinaryIO | None:
        content = self.objects.get(key)
        return None if content is None else io.BytesIO(content)

    def look(self, key: str) -> Stored | None:
        content = self.objects.get(key)
        return None if content is None else Stored(key=key, size=len(content), modified=self.times.get(key, self.now))

    def digest(self, key: str) -> Digest | None:
        content = self.objects.get(key)
        return None if content is None else Digest.of(content)

    def list(self, prefix: str) -> Iterator[Stored]:
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            if found := self.look(key):
                yield found

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:
        held = content if isinstance(content, bytes) else Path(content).read_bytes()
        if Digest.of(held) != digest:
            raise changed(key, digest, Digest.of(held))
        with self._lock:
            if key in self.objects:
                return False
            self.put(key, held)
            return True

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        with self._lock:
            found = self.read(key)
            if (found[1] if found else None) != token:
                return False
            self.put(key, content)
            self.times[key] = moment or self.now
            return True

    def put(self, key: str, content: bytes) -> None:
        with self._lock:
            self.objects[key] = content
            self.times[key] = self.now
            self.log.append(key)

    def token(self, content: bytes) -> Token:
        return Token(hashlib.sha256(content).hexdigest())

    def renew(self, key: str) -> bool:
        if key in self.objects:
            self.times[key] = self.now
        return key in self.objects

    def delete(self, key: str, modified: datetime | None = None) -> None:
        with self._lock:
            if modified is None or self.times.get(key, self.now) <= modified:
                self.objects.pop(key, None)
                self.times.pop(key, None)

    def settle(self) -> None:
        pass

    def ahead(self) -> timedelta:
        return timedelta()

    def probe(self) -> None:
        pass


class FakeSigner:
    """Signs with a line of text."""

    MARK = b"signed by a fake\n"

    def sign(self, text: bytes) -> bytes:
        return self.MARK + covered(text) + b"\n" + self.sign_detached(covered(text))

    def sign_detached(self, content: bytes) -> bytes:  # noqa: ARG002
        return SIGNATURE + b"\nof whatever you like\n"

    def verify(self, inrelease: bytes, where: str) -> bytes:
        if not inrelease.startswith(self.MARK):
            raise SigningError("it is not signed by the fake", where=where)
        return inrelease.removeprefix(self.MARK).partition(SIGNATURE)[0]

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        if signature != self.sign_detached(text):
            raise SigningError("it is not signed by the fake", where=where)
