"""Keys and Release files for the tests of signers."""

from __future__ import annotations

from functools import cache

from katpkg.repository.keys import NewKey, PublicKey, new_key

RELEASE = b"Origin: Test\nDescription: spaces at the end  \nDate: Thu, 26 Nov 2026 12:00:00 UTC\nSHA256:\n abc 1 x\n"


def key(name: str = "archive") -> NewKey:
    """A key by its name, made once."""
    return _made(name)[0]


def public(name: str = "archive") -> PublicKey:
    """Its public part, as it is read from a file."""
    return _made(name)[1]


@cache
def _made(name: str) -> tuple[NewKey, PublicKey]:
    made = new_key(f"{name} <{name}@example.org>")
    return made, PublicKey.parse(made.public, f"{name}.asc")
