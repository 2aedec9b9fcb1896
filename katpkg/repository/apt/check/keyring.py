"""The keyring that clients have, with one key or many, and what the verifiers of Debian 12 and 13 say by it."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from katpkg import process
from katpkg.errors import SigningError
from katpkg.repository.apt.check.witness import Key, Testimony
from katpkg.repository.clearsigned import ClearSigned
from katpkg.repository.gpg import PATIENCE, gpg, short_home
from katpkg.repository.keys import EXPORT
from katpkg.repository.signing import STRONG, VALID

SIGNER = re.compile(r"\[GNUPG:\] VALIDSIG (?P<subkey>\S+) ")
SELF_SIGNED = re.compile(r"(?:1[0-3]|18|1f)")
"""The kinds of signatures that a key makes on itself and its subkeys (RFC 9580, 5.2.1)."""
SHA1 = "2"
NAMES = {"1": "rsa", "16": "elgamal", "17": "dsa"}
"""Algorithms whose length says how strong they are (RFC 9580, 9.1); of others, the curve's name does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Public keys, any of which may have signed: what a client's Signed-By names."""

    packets: bytes
    keys: Mapping[str, Key]
    """By fingerprint, subkeys too."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The keys in the file at ``path``, armored or not. Raises SigningError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            said = f"the keyring cannot be read: {error.strerror}"
            raise SigningError(said, where=str(path), hint=f"ls -l {path}") from error
        try:
            with short_home() as home:
                packets = gpg(home, "--dearmor", stdin=content).stdout if b"-----BEGIN PGP" in content else content
                shown = gpg(home, "--no-keyring", "--with-colons", "--show-keys", "--with-sig-list", stdin=packets)
        except process.ToolFailed as error:
            raise SigningError("it holds no public key", where=str(path), hint=EXPORT, details=error.details) from error
        return cls(packets=packets, keys=_keys(shown.text))

    def judge(self, inrelease: bytes, where: str) -> Testimony:
        """What gpgv says, and, where it is installed, sqv. Raises SigningError."""
        with self._file() as keyring:
            done = _gpgv(keyring, ["--output", "-", "-"], inrelease, where)
            refusal = _sqv(keyring, inrelease)
        return Testimony(text=done.stdout, keys=self._used(_status(done)), refusal=refusal)

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError unless ``signature`` is that of one of the keys, of ``text``."""
        with self._file() as keyring:
            file = keyring.with_name("signature")
            file.write_bytes(signature)
            _gpgv(keyring, [file, "-"], text, where)

    def _used(self, status: str) -> tuple[Key, ...]:
        """The keys that clients rely on: those that signed, and their primary keys."""
        used = [name for line in VALID.finditer(status) for name in (line["fingerprint"],)]
        used += [line["subkey"] for line in SIGNER.finditer(status)]
        return tuple(self.keys[name] for name in dict.fromkeys(used) if name in self.keys)

    @contextmanager
    def _file(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
            keyring = Path(directory, "keyring.gpg")
            keyring.write_bytes(self.packets)
            yield keyring


def _gpgv(keyring: Path, words: list[str | Path], stdin: bytes, where: str) -> process.Completed:
    """As apt asks it: one good signature is enough, and a bad one is too many."""
    argv: list[str | Path] = ["gpgv", "--keyring", keyring, "--status-fd", "2", *words]
    done = process.run(argv, stdin=stdin, timeout=PATIENCE, accept=range(256))
    said = _status(done)
    good = [found for found in VALID.finditer(said) if found["hash"] in STRONG]
    if not good or "[GNUPG:] BADSIG" in said:
        words_of_gpgv = "\n".join(line for line in said.splitlines() if not line.startswith("[GNUPG:]"))
        raise SigningError("it is not signed by a key that clients have", where=where, details=words_of_gpgv)
    return done


def _sqv(keyring: Path, inrelease: bytes) -> str:
    """Why sqv refuses it. It is given the parts: before 1.2 it takes no clear-signed message."""
    if shutil.which("sqv", path=process.SYSTEM_PATH) is None:
        return ""
    try:
        parts = ClearSigned.parse(inrelease)
    except ValueError as error:
        return str(error)
    signature = keyring.with_name("signature")
    signature.write_bytes(parts.signature)
    argv: list[str | Path] = ["sqv", "--keyring", keyring, signature, "/dev/stdin"]
    done = process.run(argv, stdin=parts.text, timeout=PATIENCE, accept=range(256))
    return "" if done.status == 0 else process.tail(done.output, lines=4) or f"status {done.status}"


def _status(done: process.Completed) -> str:
    return done.stderr.decode("utf-8", "replace")


def _keys(shown: str) -> dict[str, Key]:
    """The keys of gpg's listing: each with the fingerprint, and the newest of its own signatures, that follow it."""
    keys: dict[str, Key] = {}
    primary = ""
    key: list[str] = []
    fingerprint, newest = "", 0
    for row in (line.split(":") for line in shown.splitlines()):
        if row[0] in ("pub", "sub"):
            key, fingerprint, newest = row, "", 0
        elif row[0] == "fpr" and key and not fingerprint:
            fingerprint = row[9]
            primary = fingerprint if key[0] == "pub" else primary
            keys[fingerprint] = _key(key, fingerprint, has_sha1=False)
        elif row[0] == "sig" and fingerprint and _is_own(row, primary) and int(row[5]) >= newest:
            newest = int(row[5])
            keys[fingerprint] = _key(key, fingerprint, has_sha1=row[15] == SHA1)
    return keys


def _is_own(row: list[str], primary: str) -> bool:
    return primary.endswith(row[4]) and SELF_SIGNED.match(row[10]) is not None


def _key(row: list[str], fingerprint: str, *, has_sha1: bool) -> Key:
    algorithm = row[16] if len(row) > 16 and row[16] else f"{NAMES.get(row[3], 'algorithm ')}{row[2]}"
    expires = datetime.fromtimestamp(int(row[6]), UTC) if row[6] else None
    return Key(fingerprint=fingerprint, algorithm=algorithm, expires=expires, has_sha1=has_sha1)
