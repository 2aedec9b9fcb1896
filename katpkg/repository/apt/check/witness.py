"""Who can tell whether something is signed by the key that clients have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that signed, primary or not, and what is wrong with it."""

    fingerprint: str
    algorithm: str
    """For people: rsa2048, ed25519, dsa1024, brainpoolP256r1."""
    expires: datetime | None
    has_sha1: bool
    """Whether what makes it valid is itself signed by way of SHA-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What is known of a signature that is good."""

    text: bytes
    """What was signed."""
    keys: Sequence[Key] = ()
    """The keys that clients rely on for it, as far as it is known what they are like."""
    refusal: str = ""
    """Why Debian 13's apt would not take it; empty when it does, or nobody knows."""


class Witness(Protocol):
    """Judges signatures."""

    def judge(self, inrelease: bytes, where: str) -> Testimony:
        """What is known of the clear-signed message. Raises SigningError when it is not signed by who should."""

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError unless ``signature`` is good, of ``text``."""
