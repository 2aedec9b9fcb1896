"""Twins of the edges, in memory: for faults that the real thing won't produce on demand, and for speed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from katpkg.errors import SigningError
from katpkg.model.digests import Digest
from katpkg.repository.base import Signed
from katpkg.repository.publication import Token


class MemoryStore:
    """A store in a dictionary; ``log`` has every key that was written, in order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.log: list[str] = []

    def read(self, key: str) -> tuple[bytes, Token] | None:
        content = self.objects.get(key)
        return None if content is None else (content, _token(content))

    def digest(self, key: str) -> Digest | None:
        content = self.objects.get(key)
        return None if content is None else Digest.of(content)

    def put(self, key: str, content: bytes | Path) -> None:
        self.objects[key] = content if isinstance(content, bytes) else content.read_bytes()
        self.log.append(key)

    def put_if(self, key: str, content: bytes | Path, token: Token | None) -> bool:
        found = self.read(key)
        if (found[1] if found else None) != token:
            return False
        self.put(key, content)
        return True

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def keys(self, prefix: str) -> Iterator[str]:
        yield from sorted(key for key in self.objects if key.startswith(prefix))


class FakeSigner:
    """Signs with a line of text."""

    MARK = b"signed by a fake\n"

    def sign(self, release: bytes) -> Signed:
        return Signed(inrelease=self.MARK + release, release_gpg=b"detached")

    def verify(self, inrelease: bytes, where: str) -> bytes:
        if not inrelease.startswith(self.MARK):
            raise SigningError("it is not signed by the fake", where=where)
        return inrelease.removeprefix(self.MARK)


def _token(content: bytes) -> Token:
    return Token(hashlib.sha256(content).hexdigest())
