"""The key that signs an archive: its public part, as clients have it, and how a new one is made."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from katpkg import process
from katpkg.errors import SigningError
from katpkg.model.names import Fingerprint
from katpkg.repository.gpg import gpg, short_home

LEAST_VALIDITY = timedelta(days=30)
"""A client's copy of the key decides; one that is about to expire there must not be relied on."""

EXPORT = "gpg --armor --export FINGERPRINT > FILE writes the one that is meant"

ARMORED = re.compile(
    rb"^-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[ \t]*\r?\n"  # RFC 9580, 6.2
    rb"(?:[^\r\n]+: [^\r\n]*\r?\n)*[ \t]*\r?\n([A-Za-z0-9+/=\s]+?)(?:^=([A-Za-z0-9+/]{4})\s*)?"
    rb"^-----END PGP \1 KEY BLOCK-----[ \t]*\r?$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The key that clients have."""

    fingerprint: Fingerprint
    """Of the primary key."""
    packets: bytes
    """Binary, as a keyring file in Signed-By holds it."""
    created: int
    """Seconds since the epoch."""
    expires: datetime | None
    """When the last subkey that signs does, or the primary key before it; None: never."""
    signs_since: int = 0
    """When the newest key that signs was made, in seconds since the epoch."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The public key in the file at ``path``, armored or not. Raises SigningError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SigningError(
                f"the archive's public key cannot be read: {error.strerror}",
                where=str(path),
                hint="katpkg key new --user-id 'NAME <ADDRESS>' --secret FILE",
            ) from error
        return cls.parse(content, str(path))

    @classmethod
    def parse(cls, content: bytes, where: str) -> Self:
        """The one public key in ``content``. Raises SigningError."""
        packets = _without_armor(content, where)
        try:
            with short_home() as home:
                shown = gpg(home, "--no-keyring", "--with-colons", "--show-keys", stdin=packets)
        except process.ToolFailed as error:
            raise SigningError("it holds no public key", where=where, hint=EXPORT, details=error.details) from error
        rows = [line.split(":") for line in shown.text.splitlines()]
        primaries = [row for row in rows if row[0] == "pub"]
        if len(primaries) != 1 or any(row[0] == "sec" for row in rows):
            said = f"it holds {len(primaries)} public keys, and it must be one"
            raise SigningError(said, where=where, hint=EXPORT)
        return cls(
            fingerprint=Fingerprint(next(row[9] for row in rows if row[0] == "fpr")),
            packets=packets,
            created=int(primaries[0][5]),
            expires=_expiry(rows),
            signs_since=max((int(row[5]) for row in rows if row[0] in ("pub", "sub") and "s" in row[11]), default=0),
        )

    @property
    def armored(self) -> bytes:
        """The packets as text, the one form that rpm reads (RFC 4880, 6.2)."""
        text = base64.encodebytes(self.packets)
        checksum = base64.b64encode(_crc24(self.packets))
        begin, end = (f"-----{word} PGP PUBLIC KEY BLOCK-----\n".encode() for word in ("BEGIN", "END"))
        return begin + b"\n" + text + b"=" + checksum + b"\n" + end

    def check_validity(self, now: datetime) -> None:
        """Raise SigningError when clients would soon stop accepting the key."""
        if self.expires is not None and self.expires - now < LEAST_VALIDITY:
            raise SigningError(
                f"the signing key expires on {self.expires:%Y-%m-%d}",
                where=self.fingerprint,
                hint="extend it, and publish the keyring package while the old one is still accepted",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made, both parts armored. The secret part has no passphrase."""

    fingerprint: Fingerprint
    secret: bytes
    public: bytes


def new_key(user_id: str) -> NewKey:
    """An Ed25519 primary key that certifies, for ever, and a subkey that signs, for two years. Raises SigningError."""
    import gnupg  # takes as long as reading a whole definition, and only here it is worth it

    options = ("--passphrase", "", "--cert-digest-algo", "SHA512")
    with short_home() as home:
        keys = gnupg.GPG(gnupghome=str(home), env={"PATH": process.SYSTEM_PATH, "LC_ALL": "C.UTF-8"})
        try:
            gpg(home, *options, "--quick-gen-key", user_id, "ed25519", "cert", "0")
            fingerprint = Fingerprint(keys.list_keys()[0]["fingerprint"])
            gpg(home, *options, "--quick-add-key", fingerprint, "ed25519", "sign", "2y")
        except process.ToolFailed as error:
            raise SigningError(
                "gpg made no key", where=user_id, hint="a user id is NAME <ADDRESS>", details=error.details
            ) from error
        secret = keys.export_keys(fingerprint, secret=True, expect_passphrase=False)
        public = keys.export_keys(fingerprint)
    return NewKey(fingerprint=fingerprint, secret=secret.encode(), public=public.encode())


def _without_armor(content: bytes, where: str) -> bytes:
    """The packets of a key file. What gpg is shown, and what clients get, is the same bytes."""
    if b"-----BEGIN PGP" not in content:
        return content
    blocks = ARMORED.findall(content)
    if any(kind == b"PRIVATE" for kind, _, _ in blocks):
        raise SigningError("it holds a secret key", where=where, hint=EXPORT)
    if len(blocks) != 1:
        said = f"it holds {len(blocks)} blocks with public keys, and it must be one"
        raise SigningError(said, where=where, hint=EXPORT)
    _, text, checksum = blocks[0]
    try:
        packets = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise SigningError("it holds no public key", where=where, hint=EXPORT, details=str(error)) from error
    if checksum and base64.b64decode(checksum) != _crc24(packets):
        raise SigningError("the public key is damaged: its checksum is not right", where=where, hint="restore the file")
    return packets


def _crc24(packets: bytes) -> bytes:
    """The checksum of an armor (RFC 4880, 6.1)."""
    crc = 0xB704CE
    for byte in packets:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return (crc & 0xFFFFFF).to_bytes(3, "big")


def _expiry(rows: list[list[str]]) -> datetime | None:
    """When no key that signs is valid any more: the primary's end, or the last signing subkey's before it."""
    primary = next(row for row in rows if row[0] == "pub")
    signing = [row for row in rows if row[0] in ("pub", "sub") and "s" in row[11]]
    if not signing:
        return None
    moments = [_moment(row[6]) for row in signing]
    last = None if None in moments else max(moment for moment in moments if moment is not None)
    ends = [moment for moment in (last, _moment(primary[6])) if moment is not None]
    return min(ends, default=None)


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text else None
