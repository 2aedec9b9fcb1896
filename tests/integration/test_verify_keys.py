"""What is told of the keys that sign: real keys, as gpg makes them, and what the verifiers of two Debians say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from katpkg.errors import SigningError
from katpkg.repository.apt.check import policy
from katpkg.repository.apt.check.keyring import Keyring
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.clearsigned import ClearSigned, covered
from katpkg.repository.gpg import gpg, short_home
from tests.contract.signers import RELEASE

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Keys, and a Release that all of them signed."""

    public: bytes
    inrelease: bytes
    release_gpg: bytes


@cache
def made(*algorithms: str, expires: str = "0", options: Sequence[str] = ()) -> Made:
    """A key of each of ``algorithms``."""
    with short_home() as home:
        for number, algorithm in enumerate(algorithms):
            words = ("--passphrase", "", *options, "--quick-gen-key", f"k{number} <k{number}@example.org>")
            gpg(home, *words, algorithm, "cert,sign", expires)
        signers = [word for number in range(len(algorithms)) for word in ("--local-user", f"k{number}@example.org")]
        sign = ("--digest-algo", "SHA512", "--armor", *signers)
        return Made(
            public=gpg(home, "--armor", "--export").stdout,
            inrelease=gpg(home, *sign, "--clearsign", stdin=RELEASE).stdout,
            release_gpg=gpg(home, *sign, "--detach-sign", stdin=RELEASE).stdout,
        )


def keyring(content: bytes, directory: Path) -> Keyring:
    (directory / "keyring").write_bytes(content)
    return Keyring.read(directory / "keyring")


def rules(ring: Keyring, inrelease: bytes) -> set[Rule]:
    return {rule for key in ring.judge(inrelease, "InRelease").keys for rule, _ in policy.judge(key, NOW)}


@pytest.mark.parametrize(
    ("algorithm", "expected", "is_refused"),
    [
        ("ed25519", set(), False),
        ("rsa4096", set(), False),
        ("rsa3072", set(), False),
        ("nistp256", set(), False),
        ("rsa2048", {Rule.KEY_WEAK}, False),
        ("rsa1024", {Rule.KEY_REFUSED}, True),
        ("dsa2048", {Rule.KEY_REFUSED}, None),
        ("brainpoolP256r1", {Rule.KEY_REFUSED}, None),
    ],
)
def test_algorithms_are_judged_as_apt_does(
    *, algorithm: str, expected: set[Rule], is_refused: bool | None, tmp_path: Path
) -> None:
    signed = made(algorithm)
    ring = keyring(signed.public, tmp_path)
    assert rules(ring, signed.inrelease) == expected
    if is_refused is not None:  # of the others, sqv 1.1 takes what 1.3 does not
        assert bool(ring.judge(signed.inrelease, "x").refusal) is is_refused


@pytest.mark.parametrize(("days", "expected"), [(20, {Rule.KEY_EXPIRES}), (100, {Rule.KEY_EXPIRES_SOON}), (200, set())])
def test_a_key_is_to_be_renewed_in_time(days: int, expected: set[Rule], tmp_path: Path) -> None:
    signed = made("ed25519", expires=f"{days}d")
    assert rules(keyring(signed.public, tmp_path), signed.inrelease) == expected


def test_a_key_that_vouches_for_itself_by_sha1_is_told_and_refused(tmp_path: Path) -> None:
    signed = made("rsa3072", options=("--cert-digest-algo", "SHA1"))
    ring = keyring(signed.public, tmp_path)
    assert rules(ring, signed.inrelease) == {Rule.KEY_SHA1}
    assert ring.judge(signed.inrelease, "x").refusal


def test_one_signature_of_two_is_enough_and_only_its_key_counts(tmp_path: Path) -> None:
    signed = made("ed25519", "rsa2048")
    every = keyring(signed.public, tmp_path)
    assert len(every.judge(signed.inrelease, "x").keys) == 2
    every.verify_detached(signed.release_gpg, RELEASE, "x")
    other = made("ed25519")
    mixed = keyring(signed.public + other.public, tmp_path)
    assert len(mixed.keys) == 3
    assert len(mixed.judge(other.inrelease, "x").keys) == 1
    assert covered(mixed.judge(other.inrelease, "x").text) == covered(RELEASE)


def test_another_key_and_another_text_are_refused(tmp_path: Path) -> None:
    signed, other = made("ed25519"), made("rsa3072")
    ring = keyring(signed.public, tmp_path)
    with pytest.raises(SigningError, match="not signed by a key that clients have") as caught:
        ring.judge(other.inrelease, "InRelease")
    assert caught.value.where == "InRelease"
    with pytest.raises(SigningError):
        ring.judge(signed.inrelease.replace(b"Origin: Test", b"Origin: Tost"), "x")
    with pytest.raises(SigningError):
        ring.verify_detached(signed.release_gpg, RELEASE + b"more\n", "x")


def test_a_signature_by_sha1_is_refused(tmp_path: Path) -> None:
    with short_home() as home:
        gpg(home, "--passphrase", "", "--quick-gen-key", "a <a@example.org>", "rsa3072", "cert,sign", "0")
        public = gpg(home, "--armor", "--export").stdout
        inrelease = gpg(home, "--digest-algo", "SHA1", "--armor", "--clearsign", stdin=RELEASE).stdout
    with pytest.raises(SigningError):
        keyring(public, tmp_path).judge(inrelease, "x")


def test_a_clear_signed_message_is_taken_apart_as_it_was_signed() -> None:
    text = b"-dashes: are escaped\nspaces: at the end  \n\n\nlast\n"
    with short_home() as home:
        gpg(home, "--passphrase", "", "--quick-gen-key", "a <a@example.org>", "ed25519", "cert,sign", "0")
        inrelease = gpg(home, "--clearsign", stdin=text).stdout
    parts = ClearSigned.parse(inrelease)
    assert covered(text) == parts.text
    assert parts.signature.startswith(b"-----BEGIN PGP SIGNATURE-----\n")
    assert ClearSigned.parse(inrelease.rstrip(b"\n")) == parts  # as Go's library leaves it
    assert ClearSigned.parse(inrelease.replace(b"\n", b"\r\n")) == parts
