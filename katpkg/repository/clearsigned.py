"""A clear-signed message, and its parts: a text, and a signature that is good for it by itself (RFC 9580, 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
END = b"-----END PGP SIGNATURE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearSigned:
    """Its text, unverified, and its armored signature."""

    text: bytes
    """Without the end of its last line, which is not signed."""
    signature: bytes

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """The one message that ``content`` is. Raises ValueError with what is wrong."""
        lines = [line.rstrip(b" \t\r") for line in content.split(b"\n")]
        while lines and not lines[-1]:
            lines.pop()
        if not lines or lines[0] != BEGIN:
            raise ValueError("there is something before the clear-signed message" if BEGIN in lines else "it is none")
        if lines.count(BEGIN) > 1:
            raise ValueError("there is more than one clear-signed message")
        try:
            body = lines.index(b"") + 1
            signature = lines.index(SIGNATURE, body)
            end = lines.index(END, signature)
        except ValueError:
            raise ValueError("the clear-signed message is cut off") from None
        if end != len(lines) - 1:
            raise ValueError("there is something after the clear-signed message")
        text = [line.removeprefix(b"- ") for line in lines[body:signature]]
        return cls(text=b"\n".join(text), signature=b"\n".join([*lines[signature:], b""]))


def covered(text: bytes) -> bytes:
    """What of ``text`` a clear signature signs: neither spaces at the end of a line, nor the end of the last line.

    These very bytes are what the signature is good for when it stands alone.
    """
    return b"\n".join(line.rstrip() for line in text.removesuffix(b"\n").split(b"\n"))


def signature_of(content: bytes) -> bytes:
    """The armored signature at the end of the clear-signed message ``content``, which was verified before."""
    _, begin, rest = content.rpartition(SIGNATURE)
    return begin + rest
