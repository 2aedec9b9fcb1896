"""A signature that costs nothing, and still tells one text from another."""

from __future__ import annotations

import hashlib

from katpkg.repository.clearsigned import SIGNATURE
from tests.fakes import FakeSigner


class QuickSigner(FakeSigner):
    """Its signature is of one text and no other, as gpg's is."""

    def sign_detached(self, content: bytes) -> bytes:
        return SIGNATURE + b"\n" + hashlib.sha256(content).hexdigest().encode() + b"\n"
