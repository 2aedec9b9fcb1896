"""A clear-signed message taken apart, as strictly as apt does it (RFC 9580, 7)."""

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


def same_text(one: bytes, other: bytes) -> bool:
    """Whether both are the same as far as a clear signature covers it: not spaces at the end of a line."""
    return _lines(one) == _lines(other)


def _lines(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.rstrip(b"\n").split(b"\n")]
