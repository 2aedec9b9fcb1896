"""Signatures: what clients take and nothing else, from the key that they have, with as few programs as can be."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from katpkg.errors import SigningError
from katpkg.repository.clearsigned import covered, signature_of
from katpkg.repository.gpg import gpg, short_home
from katpkg.repository.keys import LEAST_VALIDITY, PublicKey
from katpkg.repository.signing import CLEAR_SIGNED, GpgSigner, GpgVerifier
from tests.conftest import ROOT
from tests.contract.signers import RELEASE, key, public
from tests.ours import DEFINITION

pytestmark = pytest.mark.integration


OURS = f"kk-{os.getpid()}"
"""Homes of this process: others run tests at the same time."""


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No gpg home and no agent stay behind."""
    before = homes()
    yield
    assert homes() == before
    wait_until_gone()


KILLED = """
import os, signal
from katpkg import process
from katpkg.repository.gpg import gpg, short_home
with short_home() as home:
    gpg(home, "--passphrase", "", "--quick-generate-key", "nobody@example.org")
    print(process.run(["gpg-connect-agent", "--homedir", home, "getinfo pid", "/bye"]).text.split()[1])
    print(home, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_signer_left_is_taken_away_by_the_next_and_what_is_in_use_is_not() -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True)
    agent, home = killed.stdout.split()[0], Path(killed.stdout.split()[1])
    assert agent.isdecimal()  # there was one; by now others who use gpg may have swept it away
    with short_home() as ours, short_home():
        assert ours.exists()
        wait_until(lambda: not home.exists())  # another process may have begun to take it away
    wait_until_gone(str(home))


def test_of_two_who_make_the_same_key_one_does_and_the_other_is_told(tmp_path: Path) -> None:
    (tmp_path / "katpkg.toml").write_text(DEFINITION)
    command = [sys.executable, "-m", "katpkg", "key", "new", "--user-id", "a <a@example.org>", "--secret"]
    makers = [
        subprocess.Popen(
            [*command, secret],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for secret in ("one", "other", "other")
    ]
    said = [maker.communicate()[1] for maker in makers]
    assert sorted(maker.returncode for maker in makers) == [0, 6, 6]
    assert sum("error: a key is never overwritten" in each for each in said) == 2
    public, secret = (path.name for path in sorted(tmp_path.iterdir()) if path.name != "katpkg.toml")
    assert public == "archive.asc"
    assert secret in ("one", "other")


def test_nobody_takes_away_what_another_is_just_making() -> None:
    with ProcessPoolExecutor(8) as processes:
        assert all(processes.map(stays, range(400)))


def stays(_: int) -> bool:
    """Whether a home is there when it is to be used."""
    with short_home() as home:
        return home.exists()


def agents(home: str = f"{OURS}-") -> list[str]:
    return [line for line in processes() if "gpg-agent" in line and home in line]


def wait_until_gone(home: str = f"{OURS}-") -> None:
    wait_until(lambda: not agents(home))  # it was told to end, and may take its time


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    assert is_so()


def homes() -> set[Path]:
    return set(Path("/tmp").glob(f"{OURS}-*"))


def processes() -> list[str]:
    return [
        path.read_bytes().replace(b"\0", b" ").decode()
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    ]


@pytest.mark.usefixtures("nothing_left")
def test_what_is_signed_is_what_apt_takes_and_the_text_is_the_one_given() -> None:
    with GpgSigner(public(), key().secret, "") as signer:
        signed = signer.sign(RELEASE)
        assert signer.sign(RELEASE + b"more\n") != signed
    assert CLEAR_SIGNED.fullmatch(signed)
    assert b"Hash: SHA512" in signed
    assert covered(GpgVerifier(public()).verify(signed, "x")) == covered(RELEASE)


def test_the_signature_of_a_clear_signed_text_is_good_by_itself_for_what_it_covers(tmp_path: Path) -> None:
    """What lies there as Release and Release.gpg: for gpgv, for sqv, and for gpg."""
    with GpgSigner(public(), key().secret, "") as signer:
        signed = signer.sign(RELEASE)
    (tmp_path / "key").write_bytes(public().packets)
    (tmp_path / "Release").write_bytes(covered(RELEASE))
    (tmp_path / "Release.gpg").write_bytes(signature_of(signed))
    files = [tmp_path / "Release.gpg", tmp_path / "Release"]
    subprocess.run(["gpgv", "--keyring", tmp_path / "key", *files], check=True, capture_output=True)
    subprocess.run(["sqv", "--keyring", tmp_path / "key", *files], check=True, capture_output=True)
    with short_home() as home:
        gpg(home, "--import", stdin=public().packets)
        gpg(home, "--verify", *map(str, files))
    with pytest.raises(SigningError, match="would not take it for signed"):
        GpgVerifier(public()).verify_detached(signature_of(signed), covered(RELEASE) + b"\n", "x")


def test_a_detached_signature_is_of_every_byte() -> None:
    with GpgSigner(public(), key().secret, "") as signer:
        signature = signer.sign_detached(RELEASE)
        signer.verify_detached(signature, RELEASE, "x")
        with pytest.raises(SigningError, match="would not take it for signed"):
            signer.verify_detached(signature, covered(RELEASE), "x")


def test_the_secret_key_is_looked_at_when_something_is_signed_and_not_before() -> None:
    with GpgSigner(public(), b"no key at all", "") as signer:
        signer_home = homes()
        with GpgSigner(public(), key().secret, "") as other:
            signed = other.sign(RELEASE)
        signer.verify(signed, "InRelease")
        assert homes() == signer_home


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("secret", "message", "hint"),
    [
        (b"no key at all", "the signing key is no secret key", "--export-secret-subkeys"),
        (key().public, "the signing key is no secret key", "--export-secret-subkeys"),
        (key("other").secret, "and clients know", "signing.public_key"),
    ],
    ids=["nonsense", "public", "other"],
)
def test_a_key_that_clients_do_not_know_signs_nothing(secret: bytes, message: str, hint: str) -> None:
    with GpgSigner(public(), secret, "") as signer, pytest.raises(SigningError) as caught:
        signer.sign(RELEASE)
    assert message in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.usefixtures("nothing_left")
def test_a_key_with_a_passphrase_needs_the_right_one() -> None:
    with short_home() as home:
        gpg(home, "--passphrase", "s3cret", "--quick-gen-key", "a <a@example.org>", "ed25519", "cert,sign", "0")
        secret = gpg(home, "--passphrase", "s3cret", "--armor", "--export-secret-keys").stdout
        known = PublicKey.parse(gpg(home, "--armor", "--export").stdout, "a.asc")
    with GpgSigner(known, secret, "s3cret") as signer:
        assert signer.sign(RELEASE)
    with GpgSigner(known, secret, "wrong") as signer, pytest.raises(SigningError, match="gpg did not sign"):
        signer.sign(RELEASE)


def test_a_foreign_signature_is_refused_and_named() -> None:
    with GpgSigner(public("other"), key("other").secret, "") as signer:
        signed, signature = signer.sign(RELEASE), signer.sign_detached(RELEASE)
    for check in (
        lambda: GpgVerifier(public()).verify(signed, "dists/bookworm/InRelease"),
        lambda: GpgVerifier(public()).verify_detached(signature, RELEASE, "dists/bookworm/InRelease"),
    ):
        with pytest.raises(SigningError) as caught:
            check()
        assert key().fingerprint in caught.value.message
        assert caught.value.where == "dists/bookworm/InRelease"
        assert "[GNUPG:]" not in str(caught.value.details)


def test_a_changed_text_is_refused() -> None:
    with GpgSigner(public(), key().secret, "") as signer:
        signed = signer.sign(RELEASE)
    with pytest.raises(SigningError, match="it is not signed by"):
        GpgVerifier(public()).verify(signed.replace(b"Origin: Test", b"Origin: Evil"), "x")


def test_a_digest_that_clients_refuse_is_refused() -> None:
    with short_home() as home:
        gpg(home, "--import", stdin=key().secret)
        weak = gpg(home, "--digest-algo", "SHA1", "--clearsign", stdin=RELEASE).stdout
    with pytest.raises(SigningError, match="a digest that clients refuse"):
        GpgVerifier(public()).verify(weak, "x")


def test_armor_and_packets_are_one_key_and_clients_get_the_very_packets() -> None:
    armored = public()
    assert PublicKey.parse(armored.packets, "archive.gpg") == armored
    assert PublicKey.parse(b"a comment\n\n" + key().public.replace(b"\n", b"\r\n"), "archive.asc") == armored
    packets = subprocess.run(["gpg", "--dearmor"], input=key().public, capture_output=True, check=True).stdout
    assert armored.packets == packets


def damaged(armored: bytes) -> bytes:
    """``armored`` with one bit of its content turned, and the checksum that was right before."""
    lines = armored.splitlines()
    first = next(number for number, line in enumerate(lines) if line == b"") + 1
    packets = bytearray(base64.b64decode(lines[first]))
    packets[20] ^= 1
    lines[first] = base64.b64encode(bytes(packets))
    return b"\n".join(lines) + b"\n"


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it holds no public key"),
        (b"nonsense", "it holds no public key"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n", "it holds 0 blocks with public keys, and it must be one"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
            "it holds no public key",
        ),
        (key().public + key("other").public, "it holds 2 blocks with public keys, and it must be one"),
        (public().packets + public("other").packets, "it holds 2 public keys, and it must be one"),
        (key().secret, "it holds a secret key"),
        (damaged(key().public), "the public key is damaged: its checksum is not right"),
    ],
    ids=["empty", "nonsense", "cut", "no base64", "two blocks", "two keys", "secret", "damaged"],
)
def test_what_is_not_one_public_key_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(SigningError) as caught:
        PublicKey.parse(content, "keys/archive.asc")
    assert caught.value.message == message
    assert caught.value.where == "keys/archive.asc"


def test_a_missing_public_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        PublicKey.read(tmp_path / "archive.asc")
    assert caught.value.message == "the archive's public key cannot be read: No such file or directory"
    assert "katpkg key new" in str(caught.value.hint)


def test_a_key_about_to_expire_is_not_relied_on() -> None:
    expires = public().expires
    assert expires is not None
    assert timedelta(days=729) < expires - datetime.now(UTC) < timedelta(days=731)
    public().check_validity(expires - LEAST_VALIDITY)
    with pytest.raises(SigningError) as caught:
        public().check_validity(expires - LEAST_VALIDITY + timedelta(seconds=1))
    assert caught.value.message == f"the signing key expires on {expires:%Y-%m-%d}"


def programs(*argv: str, env: dict[str, str], log: Path) -> list[str]:
    """The programs that a command starts, by name, in their order."""
    strace = ("strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", str(log))
    subprocess.run([*strace, *argv], check=True, env=env, capture_output=True)
    started = re.findall(r'execve\("([^"]+)", .* = 0$', log.read_text(), re.MULTILINE)
    return [Path(each).name for each in started[1:]]


def test_one_program_reads_the_public_key_and_one_verifies(tmp_path: Path) -> None:
    (tmp_path / "archive.asc").write_bytes(key().public)
    with GpgSigner(public(), key().secret, "") as signer:
        (tmp_path / "InRelease").write_bytes(signer.sign(RELEASE))
    (tmp_path / "secret.asc").write_bytes(key().secret)
    script = """
import sys; from pathlib import Path
from katpkg.repository.keys import PublicKey
from katpkg.repository.signing import GpgSigner
here = Path(sys.argv[1])
with GpgSigner(PublicKey.read(here / "archive.asc"), (here / "secret.asc").read_bytes(), "") as signer:
    text = signer.verify((here / "InRelease").read_bytes(), "InRelease")
    if sys.argv[2] == "sign":
        signer.sign(text)
"""
    words = (sys.executable, "-c", script, str(tmp_path))
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    assert programs(*words, "verify", env=env, log=tmp_path / "log") == ["gpg", "gpgv"]
    signing = programs(*words, "sign", env=env, log=tmp_path / "log")
    assert sorted(signing) == sorted(["gpg"] * 3 + ["gpgv"] * 2 + ["gpg-agent", "sqv"])
