"""Signatures that apt accepts: made by gpg in a home of its own, checked by gpgv with the key that clients have."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import gnupg

from katpkg import process
from katpkg.errors import SigningError
from katpkg.model.names import Fingerprint
from katpkg.repository.base import Signed

PATIENCE = 30
"""Seconds that gpg or gpgv may take."""

LEAST_VALIDITY = timedelta(days=30)
"""A client's copy of the key decides; one that is about to expire there must not be relied on."""

SIGN_OPTIONS = ("--digest-algo", "SHA512", "--pinentry-mode", "loopback")


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
        with short_home() as home:
            try:
                shown = gpg(home, "--with-colons", "--import-options", "show-only", "--import", stdin=content)
                gpg(home, "--import", stdin=content)
                packets = gpg(home, "--export", "--export-options", "export-minimal").stdout
            except process.ToolFailed as error:
                raise SigningError("it holds no public key", where=where, details=error.details) from error
        rows = [line.split(":") for line in shown.text.splitlines()]
        primaries = [row for row in rows if row[0] == "pub"]
        if len(primaries) != 1 or any(row[0] == "sec" for row in rows):
            raise SigningError(f"it holds {len(primaries)} public keys, and it must be one", where=where)
        return cls(
            fingerprint=Fingerprint(next(row[9] for row in rows if row[0] == "fpr")),
            packets=packets,
            created=int(primaries[0][5]),
            expires=_expiry(rows),
        )


class GpgVerifier:
    """Checks signatures as bookworm's apt does: gpgv, and a keyring that holds nothing but our key."""

    def __init__(self, key: PublicKey) -> None:
        self.key = key

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was clear-signed, when our key signed it."""
        with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
            keyring, message, text = (Path(directory) / name for name in ("keyring.gpg", "message", "text"))
            keyring.write_bytes(self.key.packets)
            message.write_bytes(inrelease)
            try:
                process.run(["gpgv", "--keyring", keyring, "--output", text, message], timeout=PATIENCE)
            except process.ToolFailed as error:
                raise SigningError(
                    f"it is not signed by {self.key.fingerprint}",
                    where=where,
                    hint="if somebody else wrote there, find out who; if the key was changed, put the old one back",
                    details=error.details,
                ) from error
            return text.read_bytes()


class GpgSigner:
    """Signs with a secret key that is kept, for as long as the context is open, in a gpg home that nobody shares."""

    def __init__(self, key: PublicKey, secret_key: bytes, passphrase: str) -> None:
        self._verifier = GpgVerifier(key)
        self._secret_key = secret_key
        self._passphrase = passphrase
        self._context = short_home()

    def __enter__(self) -> Self:
        """Import the secret key. Raises SigningError when it is none, or not the one that clients know."""
        self._home = self._context.__enter__()
        try:
            self._import()
        except BaseException:
            self._context.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, trace)

    def sign(self, release: bytes) -> Signed:
        """``release``, clear-signed and with a detached signature; the first is verified as a client will."""
        inrelease = self._sign(release, clearsign=True)
        self.verify(inrelease, "the signature that was just made")
        return Signed(inrelease=inrelease, release_gpg=self._sign(release, detach=True))

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was signed, when we signed it."""
        return self._verifier.verify(inrelease, where)

    def check_validity(self, now: datetime) -> None:
        """Raise SigningError when clients would soon stop accepting the key."""
        expires = self._verifier.key.expires
        if expires is not None and expires - now < LEAST_VALIDITY:
            raise SigningError(
                f"the signing key expires on {expires:%Y-%m-%d}",
                where=self._verifier.key.fingerprint,
                hint="extend it, and publish the keyring package while the old one is still accepted",
            )

    def _import(self) -> None:
        gpg_home = self._gnupg()
        result = gpg_home.import_keys(self._secret_key, passphrase=self._passphrase or None)
        ours = self._verifier.key.fingerprint
        if not result.sec_read:
            raise SigningError("the signing key is no secret key", hint="gpg --armor --export-secret-subkeys KEY")
        if ours not in result.fingerprints:
            raise SigningError(
                f"the signing key is {', '.join(sorted(set(result.fingerprints)))}, and clients know {ours}",
                hint="give the secret key that belongs to signing.public_key",
            )

    def _sign(self, release: bytes, **how: bool) -> bytes:
        result = self._gnupg().sign(
            release,
            keyid=self._verifier.key.fingerprint,
            passphrase=self._passphrase or None,
            extra_args=list(SIGN_OPTIONS),
            **{"clearsign": False, **how},
        )
        if not result:  # python-gnupg does not raise
            raise SigningError("gpg did not sign", details=process.tail(str(result.stderr)))
        return bytes(result.data)

    def _gnupg(self) -> Any:  # noqa: ANN401  # the library has no types
        return gnupg.GPG(gnupghome=str(self._home), env={"PATH": process.SYSTEM_PATH, "LC_ALL": "C.UTF-8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made, both parts armored. The secret part has no passphrase."""

    fingerprint: Fingerprint
    secret: bytes
    public: bytes


def new_key(user_id: str) -> NewKey:
    """An Ed25519 primary key that certifies, for ever, and a subkey that signs, for two years. Raises SigningError."""
    with short_home() as home:
        try:
            gpg(
                home,
                "--passphrase",
                "",
                "--cert-digest-algo",
                "SHA512",
                "--quick-gen-key",
                user_id,
                "ed25519",
                "cert",
                "0",
            )
            listed = gpg(home, "--with-colons", "--list-keys").text
            fingerprint = Fingerprint(re.findall(r"(?m)^fpr:+([0-9A-F]{40}):", listed)[0])
            gpg(
                *(home, "--passphrase", "", "--cert-digest-algo", "SHA512"),
                *("--quick-add-key", fingerprint, "ed25519", "sign", "2y"),
            )
            secret = gpg(home, "--armor", "--export-secret-keys", fingerprint).stdout
            public = gpg(home, "--armor", "--export", fingerprint).stdout
        except process.ToolFailed as error:
            raise SigningError("gpg made no key", where=user_id, details=error.details) from error
    return NewKey(fingerprint=fingerprint, secret=secret, public=public)


@contextmanager
def short_home() -> Iterator[Path]:
    """A gpg home for us alone, its path short enough for the agent's socket; the agent and it are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="kk-", dir="/tmp"))  # made with mode 0700, and TMPDIR may be long
    try:
        yield home
    finally:
        process.run(["gpgconf", "--homedir", home, "--kill", "all"], timeout=PATIENCE, accept=range(256))
        shutil.rmtree(home, ignore_errors=True)


def gpg(home: Path, *words: str, stdin: bytes = b"") -> process.Completed:
    """Run gpg in ``home``, never asking anybody anything."""
    options = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
    return process.run(["gpg", "--homedir", home, *options, *words], stdin=stdin, timeout=PATIENCE)


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
