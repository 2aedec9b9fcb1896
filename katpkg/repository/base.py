"""What a repository needs to know of the world, and what every repository format can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from katpkg.model.package import BinaryPackage
from katpkg.repository.publication import Publication, Token

Read = Callable[[str], tuple[bytes, Token] | None]
"""The bytes under a key of the archive and their token, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A Release file with its signature: clear-signed, and detached."""

    inrelease: bytes
    release_gpg: bytes


class Verifier(Protocol):
    """Knows whether we signed something."""

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was signed, when we signed it. Raises SigningError, which names ``where``."""


class Signer(Verifier, Protocol):
    """Signs, and has verified that clients will accept it."""

    def sign(self, release: bytes) -> Signed:
        """``release`` signed, verified against the public key that clients have. Raises SigningError."""


class RepositoryFormat(Protocol):
    """Plans the next state of an archive of one format."""

    def plan(self, read: Read, packages: tuple[BinaryPackage, ...], signer: Signer, now: datetime) -> Publication:
        """What adding ``packages`` changes; empty when they are all published. Raises RepositoryError."""
