"""What every store can do: whole objects under keys, and one conditional write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from katpkg.model.digests import Digest
from katpkg.repository.publication import Token

HIDDEN = ".katpkg"
"""What a store keeps for itself has keys that begin so; they are never listed, and no archive's key begins so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object as a store lists it."""

    key: str
    size: int
    modified: datetime
    """When it was last written, by the store's clock."""


class Store(Protocol):
    """Objects under keys (relative paths with slashes). Every write is whole or not at all. Raises StoreError.

    Objects are of two classes. Those that ``create`` writes are immutable: they may be cached for ever, and the bytes
    under their key never change. Those that ``replace`` and ``put`` write change, and are to be asked for every time.
    Safe to be called from several threads.
    """

    @property
    def parallel(self) -> int:
        """How many calls at once make it quicker."""

    def where(self, key: str) -> str:
        """The path or URL of ``key``, for people."""

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The bytes under ``key`` and their token, or None."""

    def read_all(self, keys: Sequence[str]) -> Sequence[tuple[bytes, Token] | None]:
        """``read`` of each of ``keys``, at once where that is quicker."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO] | None:
        """What is under ``key`` as a stream, or None."""

    def look(self, key: str) -> Stored | None:
        """What a listing says about ``key``, or None."""

    def digest(self, key: str) -> Digest | None:
        """The size and SHA-256 of what is under ``key``, or None."""

    def list(self, prefix: str) -> Iterator[Stored]:
        """Every object whose key begins with ``prefix``, sorted by key."""

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:
        """Write an immutable object, bytes or the file of that path, under a free key. False when the key is taken:
        nothing was written.

        The bytes that arrive are those of ``digest``, or it is a StoreError and the key stays free: a file that is
        not any more what was planned does not get in.
        """

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        """Write if ``key`` still holds what ``token`` stands for (None: is free). Whether that was so.

        With ``moment``, clients are told a later time of the last change than before, to the second: ``moment`` where
        the store can be told, else the store's own, and that is waited for.
        An answer that got lost on the way is found out about: True means that ``content`` is there or was.
        """

    def put(self, key: str, content: bytes) -> None:
        """Write ``content`` under ``key``, whatever is there."""

    def token(self, content: bytes) -> Token:
        """The token that ``content`` has when this store holds it, as far as that can be known without asking.

        A wrong guess makes ``replace`` refuse, never overwrite.
        """

    def renew(self, key: str) -> bool:
        """Make the object under ``key`` as young as if it was written now. False when there is none."""

    def delete(self, key: str, modified: datetime | None = None) -> None:
        """Remove what is under ``key``, if anything is; with ``modified``, unless it was written or renewed after that.

        A directory looks and removes in one step. A bucket cannot: it looks, and then removes.
        """

    def settle(self) -> None:
        """Return when everything that was created survives a loss of power."""

    def ahead(self) -> timedelta:
        """How far this machine's clock is ahead of the store's; zero where they are one."""

    def probe(self) -> None:
        """Raise StoreError when conditional writes do not hold here, before anything relies on them."""
