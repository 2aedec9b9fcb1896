"""A signature that costs nothing, and still tells one text from another."""

from __future__ import annotations

import hashlib

from katpkg.errors import SigningError
from katpkg.repository.base import Signed
from tests.fakes import FakeSigner


class QuickSigner(FakeSigner):
    """Its detached signature is of one text and no other, as gpg's is."""

    def sign(self, release: bytes) -> Signed:
        return Signed(inrelease=super().sign(release).inrelease, release_gpg=_detached(release))

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        if signature != _detached(text):
            raise SigningError("it is not signed by the fake", where=where)


def _detached(text: bytes) -> bytes:
    return b"detached " + hashlib.sha256(text).hexdigest().encode()
