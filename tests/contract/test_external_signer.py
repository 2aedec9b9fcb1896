"""A signing command: its contract is gpg's, and whatever else it does is refused with nothing left running."""

from __future__ import annotations

import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import SigningError
from katpkg.repository.external import ExternalSigner
from katpkg.repository.gpg import gpg, short_home
from katpkg.repository.signing import GpgVerifier
from tests.contract.signers import RELEASE, key, public

GPG = 'gpg --batch --quiet --no-tty --homedir "$home" --armor --digest-algo SHA512'


def signer(directory: Path, script: str) -> ExternalSigner:
    """A signer that is the shell script ``script``; ``$1`` is what it is asked for."""
    path = directory / "sign"
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return ExternalSigner(
        key=public(), command=("./sign",), directory=directory, environment={"SECRET": "s3cret"}, patience=60
    )


def with_key(script: str, name: str = "archive") -> str:
    """``script`` with a secret key in ``$home``, and ``sign`` to sign with it."""
    return f"""
home=$(mktemp -d /tmp/ks-XXXXXX); trap 'gpgconf --homedir "$home" --kill all; rm -rf "$home"' EXIT
gpg --batch --quiet --homedir "$home" --import 2>/dev/null <<'KEY'
{key(name).secret.decode()}
KEY
sign() {{ {GPG} "$@"; }}
{script}
"""


def test_gpg_itself_keeps_the_contract(tmp_path: Path) -> None:
    with short_home() as home:
        gpg(home, "--import", stdin=key().secret)
        command = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--armor", "--digest-algo", "SHA512")
        ours = ExternalSigner(key=public(), command=command, directory=tmp_path, environment={})
        signed, signature = ours.sign(RELEASE), ours.sign_detached(RELEASE)
    assert ours.verify(signed, "InRelease")
    GpgVerifier(public()).verify_detached(signature, RELEASE, "repomd.xml.asc")


def test_a_script_below_katpkg_toml_is_found_and_knows_only_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KATPKG_SIGNING_PASSPHRASE", "canary")
    script = with_key('env > known; echo "$*" >> asked; sign "$1"')
    signer(tmp_path, script).sign(RELEASE)
    assert (tmp_path / "asked").read_text().split() == ["--clearsign"]
    assert "SECRET=s3cret" in (tmp_path / "known").read_text()
    assert "canary" not in (tmp_path / "known").read_text()


MISBEHAVING = {
    "says nothing": ("true", "it is no clear-signed message that apt takes"),
    "says what went wrong and exits with 0": ("echo 'error: no card'", "it is no clear-signed message that apt takes"),
    "gives the text back": ("cat", "it is no clear-signed message that apt takes"),
    "says it twice": (with_key('cat > t; sign "$1" < t; sign "$1" < t'), "it is no clear-signed message"),
    "says something before": (with_key('echo hello; sign "$1"'), "it is no clear-signed message that apt takes"),
    "says something after": (with_key('sign "$1"; echo bye'), "it is no clear-signed message that apt takes"),
    "ends its lines with CR": (
        with_key("sign \"$1\" | sed 's/$/\\r/'"),
        "it is no clear-signed message that apt takes",
    ),
    "answers in binary": (with_key('gpg --batch --quiet --homedir "$home" --sign'), "it is no clear-signed message"),
    "signs another text": (with_key("sed 's/Test/Evil/' | sign \"$1\""), "another text was signed than"),
    "signs more": (with_key('(cat; echo "Evil: yes") | sign "$1"'), "another text was signed than"),
    "changes what it signed": (with_key("sign \"$1\" | sed 's/Test/Evil/'"), "it is not signed by"),
    "signs with another key": (with_key('sign "$1"', "other"), "it is not signed by"),
    "signs with SHA-1": (with_key('sign --digest-algo SHA1 "$1"'), "a digest that clients refuse"),
    "fails": ("echo 'no card' >&2; exit 3", "the signing command did not sign: sign failed with status 3"),
    "is killed": ("kill -KILL $$", "the signing command did not sign: sign failed with status -9"),
    "floods its output": ("yes", "the signing command did not sign: sign says more than"),
    "floods its errors": ("yes >&2", "the signing command did not sign: sign says more than"),
}


@pytest.mark.parametrize(("script", "message"), MISBEHAVING.values(), ids=MISBEHAVING)
def test_a_signer_is_refused_that(script: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        signer(tmp_path, script).sign(RELEASE)
    assert message in caught.value.message
    assert not running_in(tmp_path)


MISBEHAVING_DETACHED = {
    "gives a binary signature": (with_key('sign --no-armor "$1"'), "it is no armored signature"),
    "gives a clear-signed text": (with_key("sign --clearsign"), "it is no armored signature"),
    "signs nothing": (with_key('sign "$1" < /dev/null'), "would not take it for signed"),
    "fails": ("exit 3", "the signing command did not sign: sign failed with status 3"),
}


@pytest.mark.parametrize(("script", "message"), MISBEHAVING_DETACHED.values(), ids=MISBEHAVING_DETACHED)
def test_a_signer_of_detached_signatures_is_refused_that(script: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        signer(tmp_path, script).sign_detached(RELEASE)
    assert message in caught.value.message
    assert not running_in(tmp_path)


def test_a_failure_is_told_with_what_it_said_and_how_to_see_it(tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        signer(tmp_path, "echo 'no card in the reader' >&2; exit 3").sign(RELEASE)
    assert caught.value.where == "katpkg.toml: signing.command"
    assert caught.value.hint == "try it by hand: echo test | ./sign --clearsign"
    assert caught.value.details == "no card in the reader"


@pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM INT; while :; do sleep 1; done", "sleep 60 & sleep 60"])
def test_a_signer_that_hangs_is_ended_with_its_family(script: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(SigningError, match=r"gave no answer within 0\.3 seconds"):
        replace(signer(tmp_path, script), patience=0.3).sign(RELEASE)
    assert time.monotonic() - began < 30
    assert not running_in(tmp_path)


def test_what_a_signer_leaves_running_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    script = with_key('sleep 60 & sign "$1"')
    began = time.monotonic()
    signer(tmp_path, script).sign(RELEASE)
    assert time.monotonic() - began < 30
    assert not running_in(tmp_path)


def test_a_signer_that_reads_nothing_does_not_hang_us(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="it is no clear-signed message"):
        signer(tmp_path, "exec < /dev/null").sign(RELEASE * 10_000)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("./absent",), "the signing command did not sign: ./absent cannot be run: No such file or directory"),
        (("./plain",), "the signing command did not sign: ./plain cannot be run: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_run_is_told(command: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    with pytest.raises(SigningError) as caught:
        ExternalSigner(key=public(), command=command, directory=tmp_path, environment={}).sign(RELEASE)
    assert caught.value.message == message


def running_in(directory: Path) -> list[str]:
    """The processes whose working directory is ``directory``; one that was killed may need a moment to go."""
    found: list[str] = []
    for _ in range(50):
        found = [str(each) for each in Path("/proc").glob("[0-9]*/cwd") if lies_at(each, directory)]
        if not found:
            break
        time.sleep(0.02)
    return found


def lies_at(link: Path, directory: Path) -> bool:
    try:
        return link.readlink() == directory
    except OSError:  # it ended meanwhile
        return False
