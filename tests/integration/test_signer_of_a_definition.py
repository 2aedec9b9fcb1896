"""Who signs: what katpkg.toml and the environment say, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.cli.environment import Session
from katpkg.errors import SigningError
from katpkg.repository.gpg import gpg, short_home
from tests.contract.signers import RELEASE, key
from tests.definitions import ARCHIVE

pytestmark = pytest.mark.integration

MAIN = f"""
targets = ["bookworm/amd64"]
{ARCHIVE}
[signing]
public_key = "archive.asc"
"""


def session(directory: Path, signing: str = "") -> Session:
    """A call for an archive whose table ``signing`` says that too."""
    (directory / "katpkg.toml").write_text(MAIN + signing)
    (directory / "archive.asc").write_bytes(key().public)
    return Session(start=directory, json=False, verbose=False)


def test_the_key_comes_from_a_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.asc").write_bytes(key().secret)
    monkeypatch.setenv("KATPKG_SIGNING_KEY_FILE", str(tmp_path / "secret.asc"))
    with session(tmp_path).signer() as signer:
        assert signer.verify(signer.sign(RELEASE), "InRelease")


def test_without_a_key_it_is_said_how_to_give_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KATPKG_SIGNING_KEY_FILE", raising=False)
    with pytest.raises(SigningError) as caught:
        session(tmp_path).signer()
    assert caught.value.message == "no signing key"
    assert "KATPKG_SIGNING_KEY_FILE" in str(caught.value.hint)


def test_a_command_signs_with_the_variables_it_may_know_and_no_key_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KATPKG_SIGNING_KEY_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with short_home() as home:
        gpg(home, "--import", stdin=key().secret)
        monkeypatch.setenv("GNUPGHOME", str(home))
        command = 'command = ["gpg", "--batch", "--armor", "--digest-algo", "SHA512"]\n'
        with session(tmp_path, command).signer() as signer, pytest.raises(SigningError, match="did not sign"):
            signer.sign(RELEASE)
        with session(tmp_path, f'{command}environment = ["GNUPGHOME", "NOT_SET"]\n').signer() as signer:
            assert signer.verify(signer.sign(RELEASE), "InRelease")
