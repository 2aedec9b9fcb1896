"""Signing RPMs: how often rpm's programs are called, and that their word is not taken for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from katpkg import process
from katpkg.errors import SigningError
from katpkg.model.digests import Digest
from katpkg.packages.rpm.inspect import read_rpm
from katpkg.repository.keys import PublicKey, new_key
from katpkg.repository.rpm import signing
from katpkg.repository.rpm.signing import RpmSigner
from katpkg.repository.signing import GpgSigner
from tests.rpms import make_rpm

pytestmark = pytest.mark.integration


@pytest.fixture
def signer() -> Iterator[RpmSigner]:
    """Who signs packages with a new key."""
    made = new_key("small <small@example.org>")
    key = PublicKey.parse(made.public, "archive.asc")
    with GpgSigner(key, made.secret, "") as gpg, RpmSigner(lambda: key, gpg.home, "") as rpms:
        yield rpms


def test_packages_of_one_moment_are_signed_by_one_call_and_verified_by_another(
    signer: RpmSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = [read_rpm(make_rpm(tmp_path, f"demo-{number}")) for number in range(3)]
    called: list[str] = []
    run = process.run

    def counted(argv: Sequence[str | Path], **options: Any) -> process.Completed:
        called.append(str(argv[0]))
        return run(argv, **options)

    monkeypatch.setattr(process, "run", counted)
    paths = signer.sign_packages(packages)
    assert [name for name in called if name != "gpg"] == ["rpmsign", "rpmkeys"]
    assert [path.name for path in paths] == [package.filename for package in packages]
    assert signer.sign_packages(packages[:1]) == paths[:1]
    assert called.count("rpmsign") == 1


def test_more_packages_than_a_command_line_holds_are_signed_in_lots(
    signer: RpmSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "MANY", 2)
    packages = [read_rpm(make_rpm(tmp_path, f"demo-{number}")) for number in range(3)]
    paths = signer.sign_packages(packages)
    for package, path in zip(packages, paths, strict=True):
        assert path.name == package.filename
        assert Digest.of(path) != package.digest


def test_rpmsign_that_signs_nothing_and_says_nothing_is_found_out(
    signer: RpmSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = read_rpm(make_rpm(tmp_path, "demo-c"))
    run = process.run

    def idle(argv: Sequence[str | Path], **options: Any) -> process.Completed:
        return run(["true"] if argv[0] == "rpmsign" else argv, **options)

    monkeypatch.setattr(process, "run", idle)
    with pytest.raises(SigningError, match="rpmsign did not sign") as caught:
        signer.sign_packages([package])
    assert caught.value.where == package.filename
