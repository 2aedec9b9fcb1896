"""Wheels: what they say of themselves, and whether they run on a target."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.target import Target
from katpkg.packages.wheel import check_fits, glibc_of, read_wheel
from tests.builders import BOOKWORM, TRIXIE, make_target, make_wheel, make_zip

FITTING = [
    "py3-none-any",
    "py2.py3-none-any",
    "py311-none-any",
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp311-cp311-manylinux_2_36_x86_64",
    "cp311-cp311-manylinux2014_x86_64",
    "cp311-cp311-linux_x86_64",
    "cp38-abi3-manylinux2014_x86_64",
    "cp311-none-any",
]
UNFIT = [
    "py2-none-any",
    "py312-none-any",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp310-cp310-manylinux_2_17_x86_64",
    "cp311-cp311-manylinux_2_39_x86_64",
    "cp311-cp311-manylinux_2_17_aarch64",
    "cp311-cp311-musllinux_1_2_x86_64",
    "cp311-cp311-win_amd64",
    "cp312-abi3-manylinux2014_x86_64",
]


@pytest.mark.parametrize("tag", FITTING)
def test_a_wheel_that_runs_on_the_target_is_taken(tag: str, tmp_path: Path) -> None:
    check_fits(read_wheel(make_wheel(tmp_path, tag=tag)), make_target())


@pytest.mark.parametrize("tag", UNFIT)
def test_a_wheel_that_does_not_is_refused_with_its_tags(tag: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        check_fits(read_wheel(make_wheel(tmp_path, tag=tag)), make_target())
    assert caught.value.message == "the wheel is not for Python 3.11 on bookworm/amd64"
    assert caught.value.details is not None
    assert caught.value.details.startswith("its tags:")


@pytest.mark.parametrize("target", [make_target(TRIXIE), make_target(BOOKWORM, "arm64")])
def test_a_wheel_for_one_target_is_not_for_another(target: Target, tmp_path: Path) -> None:
    wheel = read_wheel(make_wheel(tmp_path, tag="cp311-cp311-manylinux_2_17_x86_64"))
    with pytest.raises(BuildError, match=f"the wheel is not for Python {target.release.python} on {target}"):
        check_fits(wheel, target)


def test_name_and_version_come_from_the_metadata_not_from_the_file_name(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, name="Some.Module", version="1.2").rename(tmp_path / "x-9.9-py3-none-any.whl")
    wheel = read_wheel(path)
    assert (wheel.name, wheel.version) == ("some-module", "1.2")


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    path.write_bytes(b"not a zip")
    with pytest.raises(BuildError, match=r"x\.whl is no whole wheel"):
        read_wheel(path)


@pytest.mark.parametrize(
    ("platform", "glibc"),
    [
        ("manylinux_2_28_x86_64", (2, 28)),
        ("manylinux2014_x86_64", (2, 17)),
        ("manylinux1_x86_64", (2, 5)),
        ("linux_x86_64", None),
        ("any", None),
    ],
)
def test_a_platform_tag_tells_the_glibc_it_asks_for(platform: str, glibc: tuple[int, int] | None) -> None:
    assert glibc_of(platform) == glibc


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Name: web\n", b""),
        (b"Version: 1.0\n", b""),
        (b"Tag: py3", b"Tag: py3-"),
        (b"Version: 1.0\n", b"Version: x\n"),
    ],
)
def test_a_wheel_that_does_not_say_what_every_wheel_says_is_refused(old: bytes, new: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(make_wheel(tmp_path, version="1.0")) as archive:
        members = {name: archive.read(name).replace(old, new) for name in archive.namelist()}
    path = make_zip(tmp_path / "other-1.0-py3-none-any.whl", members)
    with pytest.raises(BuildError) as caught:
        read_wheel(path)
    assert caught.value.message == f"{path.name} is no whole wheel"
    assert caught.value.where == path.name
    assert caught.value.hint == "look at what the CI job uploaded"
