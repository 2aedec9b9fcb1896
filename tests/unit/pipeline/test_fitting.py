"""What arrived is looked at before it counts: a .deb must be for the target, and of the version that was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from katpkg.errors import SourceError
from katpkg.model.payload import DebPayload
from katpkg.pipeline.fitting import check_fit
from tests.builders import make_artifact, make_deb, make_module, make_tar, make_target, make_zip

MODULE = make_module(payload=DebPayload(kind="deb", deb="demo-*.deb", repack=True))


def check(directory: Path, control: dict[str, str], compression: str = "xz", **changes: Any) -> None:
    (directory / "made").mkdir()
    deb = make_deb(directory / "made", {"Version": "1.0", **control}, compression=compression)
    file = make_zip(directory / "demo-1.0_debian12.deb", {deb.name: deb.read_bytes()})
    check_fit(MODULE, make_target(), make_artifact(file, **changes), file)


@pytest.mark.parametrize(
    "control",
    [
        {"Architecture": "amd64"},
        {"Version": "1.0-3"},
        {"Depends": "python3.11, libc6"},
        {"Depends": "python3 (>= 3.11), python3 (<< 3.12), python3-httpx"},
        {"Depends": "python3:any (>= 3.7~), python3.10 | python3.11"},
        {"Depends": "python3.10-lib2to3-like-name, python3-pip"},
    ],
    ids=str,
)
def test_a_package_that_fits_is_taken(control: dict[str, str], tmp_path: Path) -> None:
    check(tmp_path, control)


@pytest.mark.parametrize("compression", ["gzip", "xz", "zstd", "none"])
def test_however_its_control_file_is_packed(compression: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is for arm64"):
        check(tmp_path, {"Architecture": "arm64"}, compression)


@pytest.mark.parametrize(
    ("control", "said", "hint"),
    [
        ({"Architecture": "arm64"}, "is for arm64, and not for bookworm/amd64", "built for bookworm/amd64"),
        ({"Version": "1.1"}, "holds version 1.1", "its name promises another"),
        ({"Version": "0.0.1.dev1"}, "holds version 0.0.1.dev1", "its name promises another"),
        (
            {"Depends": "python3.10, libc6"},
            "needs python3.10, and bookworm has Python 3.11",
            "built for bookworm/amd64",
        ),
        ({"Pre-Depends": "python3.13-minimal"}, "needs python3.13-minimal", "built for bookworm/amd64"),
        ({"Depends": "python3 (>= 3.12)"}, "needs python3 (>= 3.12)", "built for bookworm/amd64"),
        ({"Depends": "libc6, python3 (<< 3.11)"}, "needs python3 (<< 3.11)", "built for bookworm/amd64"),
        ({"Depends": "python3:any (<= 3.10)"}, "needs python3:any (<= 3.10)", "built for bookworm/amd64"),
    ],
    ids=str,
)
def test_a_package_that_does_not_fit_is_refused(control: dict[str, str], said: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        check(tmp_path, control)
    assert caught.value.message.startswith(f"demo-1.0_debian12.deb {said}")
    assert hint in str(caught.value.hint)


def test_a_release_candidate_without_its_tilde_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds version 1\.0rc2, which dpkg takes for newer") as caught:
        check(tmp_path, {"Version": "1.0rc2"}, version="1.0rc2")
    assert "tilde" in str(caught.value.hint)


def test_of_a_bundle_only_the_package_that_is_meant_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    deb = make_deb(tmp_path / "made", {"Version": "1.0"})
    bundle = make_tar(tmp_path / "all.tar.gz", {"./other_1.0_amd64.deb": b"!", f"./{deb.name}": deb.read_bytes()})
    check_fit(MODULE, make_target(), make_artifact(bundle), bundle)


def test_an_artifact_without_the_package_is_refused(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "all.zip", {"readme": b"nothing"})
    with pytest.raises(SourceError) as caught:
        check_fit(MODULE, make_target(), make_artifact(file), file)
    assert caught.value.message == "all.zip holds no demo-*.deb"
    assert "modules/web.toml" in str(caught.value.hint)


@pytest.mark.parametrize("damage", [b"", b"<html>", b"!<arch>\n", b"!<arch>\ndebian-binary   0" + b" " * 60])
def test_what_only_has_the_name_of_a_package_is_refused(damage: bytes, tmp_path: Path) -> None:
    file = make_zip(tmp_path / "all.zip", {"demo-1.0.deb": damage})
    with pytest.raises(SourceError, match=r"all\.zip is no valid package"):
        check_fit(MODULE, make_target(), make_artifact(file), file)


def test_what_is_no_package_is_not_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "web-1.0.zip"
    file.write_bytes(b"PK\x03\x04nothing")
    check_fit(make_module(), make_target(), make_artifact(file), file)
