"""When an artifact was made: what it says itself, as far as that can be believed."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from katpkg.sources.dates import EARLIEST, LATEST, date_of
from tests.builders import MOMENT, make_deb


def zip_of(path: Path, *moments: tuple[int, int, int, int, int, int]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, moment in enumerate(moments):
            archive.writestr(zipfile.ZipInfo(str(number), moment), b"")
    return path


def tar_of(path: Path, *moments: float, mode: str = "w", content: bytes = b"") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for number, moment in enumerate(moments):
            info = tarfile.TarInfo(str(number))
            info.mtime, info.size = moment, len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_the_newest_member_of_a_zip_tells_the_date(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", (2001, 1, 1, 0, 0, 0), (2026, 9, 21, 14, 13, 20), (2020, 1, 1, 0, 0, 0))
    assert date_of(path) == MOMENT


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_the_newest_member_of_a_tar_tells_the_date(mode: str, tmp_path: Path) -> None:
    assert date_of(tar_of(tmp_path / "a.tar", 1_000_000_000, MOMENT, 1_200_000_000, mode=mode)) == MOMENT


def test_a_package_tells_the_date_in_its_first_member(tmp_path: Path) -> None:
    assert date_of(make_deb(tmp_path)) == MOMENT


def test_when_the_file_was_copied_here_tells_nothing(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", (2026, 9, 21, 14, 13, 20))
    os.utime(path, (1, 1))
    assert date_of(path) == MOMENT


@pytest.mark.parametrize("moments", [(), (0,), (-1,), (LATEST + 1,), (2**60,)])
def test_what_tells_no_date_that_can_be_is_of_the_earliest(moments: Sequence[int], tmp_path: Path) -> None:
    assert date_of(tar_of(tmp_path / "a.tar", *moments)) == EARLIEST


def test_a_date_that_cannot_be_does_not_hide_one_that_can(tmp_path: Path) -> None:
    assert date_of(tar_of(tmp_path / "a.tar", 2**60, MOMENT, 0)) == MOMENT


@pytest.mark.parametrize("moment", ["inf", "nan", "-inf", "1e400"])
def test_a_time_that_is_no_number_is_no_date(moment: str, tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = {"mtime": moment}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info)
    assert date_of(tmp_path / "a.tar") == EARLIEST


def test_a_member_of_a_zip_without_a_date_is_passed_over(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", (1980, 1, 1, 0, 0, 0), (2026, 9, 21, 14, 13, 20))
    content = path.read_bytes().replace(zip_time(1980, 1, 1), zip_time(1980, 0, 0))
    path.write_bytes(content)
    assert date_of(path) == MOMENT


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04junk", b"!<arch>\nshort", b"<html>", b"\x1f\x8b\x08junk"])
def test_what_is_no_archive_is_of_the_earliest_date(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    assert date_of(path) == EARLIEST


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_an_archive_that_is_damaged_further_in_is_judged_later(mode: str, tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(400_000)
    path = tar_of(tmp_path / "a.tar", MOMENT, MOMENT, MOMENT, mode=mode, content=noise)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    path.write_bytes(content)
    assert date_of(path) in (EARLIEST, MOMENT)


def zip_time(year: int, month: int, day: int) -> bytes:
    """Time and date as DOS writes them, at midnight."""
    return b"\0\0" + ((year - 1980) << 9 | month << 5 | day).to_bytes(2, "little")
