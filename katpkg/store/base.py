"""What every store can do: whole objects under keys, and one conditional write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from katpkg.model.digests import Digest
from katpkg.repository.publication import Token


class Store(Protocol):
    """Objects under keys (relative paths with slashes). Every write is whole or not at all. Raises StoreError."""

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The bytes under ``key`` and their token, or None."""

    def digest(self, key: str) -> Digest | None:
        """The size and SHA-256 of what is under ``key``, or None."""

    def put(self, key: str, content: bytes | Path) -> None:
        """Write ``content`` under ``key``, whatever is there."""

    def put_if(self, key: str, content: bytes | Path, token: Token | None) -> bool:
        """Write if ``key`` still holds what ``token`` stands for (None: is free). Whether that was so."""

    def delete(self, key: str) -> None:
        """Remove what is under ``key``, if anything is."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with ``prefix``, sorted."""
