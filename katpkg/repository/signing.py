"""Signatures that apt accepts: made by gpg in a home of its own, checked with the key that clients have."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from katpkg import process
from katpkg.errors import SigningError
from katpkg.repository.clearsigned import covered, signature_of
from katpkg.repository.gpg import PATIENCE, gpg, short_home
from katpkg.repository.keys import PublicKey

IMPORTED = re.compile(r"^\[GNUPG:\] IMPORT_OK (\d+) (\S+)", re.MULTILINE)
SECRET = 16
"""Of what gpg says about a key that it imported: it has secret parts (DETAILS, IMPORT_OK)."""

CLEAR_SIGNED = re.compile(
    rb"-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash: [A-Z0-9, -]+\n)+\n"
    rb"(?:(?!-----)[^\r\n]*\n)*"
    rb"-----BEGIN PGP SIGNATURE-----\n(?:[A-Za-z]+: [^\r\n]*\n)*\n[A-Za-z0-9+/=\n]+-----END PGP SIGNATURE-----\n"
)
"""All that apt takes: one message, nothing before it and nothing after, and no line end but ours."""

ARMORED = re.compile(
    rb"-----BEGIN PGP SIGNATURE-----\n(?:[A-Za-z]+: [^\r\n]*\n)*\n[A-Za-z0-9+/=\n]+-----END PGP SIGNATURE-----\n"
)


VALID = re.compile(r"\[GNUPG:\] VALIDSIG (?:\S+ ){7}(?P<hash>\S+) \S+ (?P<fingerprint>\S+)")
STRONG = ("8", "9", "10")
"""SHA256, SHA384 and SHA512: apt takes no other."""

JUST_MADE = "the signature that was just made"
"""Where what a signer gives is at fault."""


class GpgVerifier:
    """Checks signatures as bookworm's apt does: gpgv, and a keyring that holds nothing but our key."""

    def __init__(self, key: PublicKey) -> None:
        self.key = key

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was clear-signed, when our key signed it. Raises SigningError."""
        with self._keyring() as keyring:
            return self._gpgv(keyring, ["--output", "-", "-"], inrelease, where)

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError unless ``signature`` is our key's, of ``text``. Trixie's sqv is asked where it is."""
        with self._keyring() as keyring:
            file = keyring.with_name("signature")
            file.write_bytes(signature)
            if shutil.which("sqv", path=process.SYSTEM_PATH) is None:
                self._gpgv(keyring, [file, "-"], text, where)
            else:
                self._sqv(keyring, file, text, where)

    def _gpgv(self, keyring: Path, words: list[str | Path], stdin: bytes, where: str) -> bytes:
        argv: list[str | Path] = ["gpgv", "--keyring", keyring, "--status-fd", "2", *words]
        done = process.run(argv, stdin=stdin, timeout=PATIENCE, accept=range(256))
        said = done.stderr.decode("utf-8", "replace").splitlines()
        valid = [found for line in said if (found := VALID.fullmatch(line))]
        if done.status != 0 or [each["fingerprint"] for each in valid] != [self.key.fingerprint]:
            raise SigningError(
                f"it is not signed by {self.key.fingerprint}",
                where=where,
                hint="if somebody else wrote there, find out who; if the key was changed, put the old one back",
                details=process.tail("\n".join(line for line in said if not line.startswith("[GNUPG:]"))),
            )
        if valid[0]["hash"] not in STRONG:
            raise SigningError("it is signed with a digest that clients refuse", where=where, hint="use SHA512")
        return done.stdout

    def _sqv(self, keyring: Path, signature: Path, text: bytes, where: str) -> None:
        try:
            process.run(["sqv", "--keyring", keyring, signature, "/dev/stdin"], stdin=text, timeout=PATIENCE)
        except process.ToolFailed as error:
            raise SigningError(
                f"Debian 13's apt would not take it for signed by {self.key.fingerprint}",
                where=where,
                hint="katpkg key new makes a key that every apt takes",
                details=error.details,
            ) from error

    @contextmanager
    def _keyring(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
            keyring = Path(directory, "keyring.gpg")
            keyring.write_bytes(self.key.packets)
            yield keyring


def check_signed(signed: bytes, text: bytes, verifier: GpgVerifier) -> None:
    """Raise SigningError unless clients will take ``signed`` for ``text``, from the key that they have; its signature
    by itself, too.
    """
    if CLEAR_SIGNED.fullmatch(signed) is None:
        raise SigningError("it is no clear-signed message that apt takes", where=JUST_MADE)
    if covered(verifier.verify(signed, JUST_MADE)) != covered(text):
        raise SigningError("another text was signed than the one that was given", where=JUST_MADE)
    verifier.verify_detached(signature_of(signed), covered(text), JUST_MADE)


def check_detached(signature: bytes, content: bytes, verifier: GpgVerifier) -> None:
    """Raise SigningError unless clients will take ``signature`` for one of ``content``, from the key that they have."""
    if ARMORED.fullmatch(signature) is None:
        raise SigningError("it is no armored signature", where=JUST_MADE)
    verifier.verify_detached(signature, content, JUST_MADE)


class GpgSigner:
    """Signs with a secret key that is kept, for as long as the context is open, in a gpg home that nobody shares.

    The key is looked at when something is to be signed, and not before.
    """

    def __init__(self, key: PublicKey, secret_key: bytes, passphrase: str) -> None:
        self._verifier = GpgVerifier(key)
        self._secret_key = secret_key
        self._passphrase = passphrase
        self._stack = ExitStack()
        self._home: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._home = None
        self._stack.close()

    def sign(self, text: bytes) -> bytes:
        """``text`` clear-signed, verified as a client will.

        Raises SigningError, also when the secret key is none, or not the one that clients know.
        """
        signed = self._sign(text, "--clearsign")
        check_signed(signed, text, self._verifier)
        return signed

    def sign_detached(self, content: bytes) -> bytes:
        """An armored signature of ``content``, verified as a client will. Raises as ``sign``."""
        signature = self._sign(content, "--detach-sign")
        check_detached(signature, content, self._verifier)
        return signature

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was signed, when we signed it. Raises SigningError."""
        return self._verifier.verify(inrelease, where)

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError unless ``signature`` is ours, of ``text``."""
        self._verifier.verify_detached(signature, text, where)

    def home(self) -> Path:
        """A gpg home that has the secret key, for programs that call gpg themselves. Raises SigningError."""
        if self._home is None:
            self._home = self._open()
        return self._home

    def _open(self) -> Path:
        """A home of its own, with the secret key in it."""
        home = self._stack.enter_context(short_home())
        done = gpg(home, "--status-fd", "1", "--import", stdin=self._secret_key, accept=range(256))
        found = IMPORTED.findall(done.text)
        ours = self._verifier.key.fingerprint
        if not any(int(parts) & SECRET for parts, _ in found):
            raise SigningError("the signing key is no secret key", hint="gpg --armor --export-secret-subkeys KEY")
        if ours not in {fingerprint for _, fingerprint in found}:
            raise SigningError(
                f"the signing key is {', '.join(sorted({each for _, each in found}))}, and clients know {ours}",
                hint="give the secret key that belongs to signing.public_key",
            )
        return home

    def _sign(self, content: bytes, kind: str) -> bytes:
        words = ("--local-user", self._verifier.key.fingerprint, "--digest-algo", "SHA512", "--armor", kind)
        secret: tuple[str, ...] = ()
        if self._passphrase:  # of what gpg reads there, the first line is the passphrase
            secret, content = ("--passphrase-fd", "0"), f"{self._passphrase}\n".encode() + content
        done = gpg(self.home(), *secret, *words, stdin=content, accept=range(256))
        if done.status != 0:
            said = process.tail(done.stderr.decode("utf-8", "replace"))
            raise SigningError(
                "gpg did not sign", hint="see whether the key has expired, and its passphrase", details=said
            )
        return done.stdout
