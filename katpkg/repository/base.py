"""What a repository needs to know of the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from katpkg.repository.publication import Token

MENDING = "katpkg verify says what else is wrong; with --repair it writes anew what can be derived"
"""What to do about a published file that cannot be read."""

RESTORE = "restore the file from a backup or a mirror; nothing was changed"
"""What to do about one that is lost."""


class Reader(Protocol):
    """Where the published archive is read: every store is one."""

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The bytes under a key and their token, or None."""

    def read_all(self, keys: Sequence[str]) -> Sequence[tuple[bytes, Token] | None]:
        """``read`` of each of ``keys``."""


class Listed(Protocol):
    """An object of an archive, as a listing tells of it."""

    @property
    def key(self) -> str:
        """Where it lies."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def modified(self) -> datetime:
        """When it was last written, by the store's clock."""


class Archive(Reader, Protocol):
    """Where an archive is read whole: history and pruning list it, publishing never does."""

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``, sorted by key."""


class Verifier(Protocol):
    """Knows whether we signed something."""

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was signed, when we signed it. Raises SigningError, which names ``where``."""

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError, which names ``where``, unless ``signature`` is ours, of ``text``."""


class Signer(Verifier, Protocol):
    """Signs, and has verified that clients will accept it."""

    def sign(self, text: bytes) -> bytes:
        """``text`` clear-signed; its signature is good by itself, too. Raises SigningError."""

    def sign_detached(self, content: bytes) -> bytes:
        """An armored signature of ``content``. Raises SigningError."""
