"""built.json: what publishing needs to know of a package built here, so that it is not read again to be planned."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Codename
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.built import BuildDirectory, Built
from tests.builders import make_deb

BOOKWORM = Codename("bookworm")
PATHS = ("/usr/", "/usr/share/", "/usr/share/demo-thing/", "/usr/share/demo-thing/file")


def built(tmp_path: Path, **control: str) -> tuple[BuildDirectory, BinaryPackage]:
    """A build directory with one real package in it, not yet recorded."""
    directory = BuildDirectory(tmp_path / "build", BOOKWORM)
    directory.path.mkdir(parents=True, exist_ok=True)
    package = read_deb(make_deb(tmp_path / f"made{len(control)}", control))
    path = directory.path / package.filename
    package.path.replace(path)
    return directory, replace(package, file=str(path))


def test_a_package_comes_back_as_it_was_recorded_and_its_file_is_not_read(tmp_path: Path) -> None:
    directory, package = built(tmp_path, Description="a thing\n of some lëngth\n .\n more")
    directory.write([Built.of(package, "1" * 64)])
    package.path.write_bytes(b"\0" * package.digest.size)
    (found,) = directory.read()
    assert found.seems_whole(directory.path)
    assert not found.is_whole(directory.path)
    again = directory.package(found)
    assert (again.path, again.digest) == (package.path, package.digest)
    assert list(again.fields.items()) == list(package.fields.items())
    assert again.members() == PATHS
    assert (found.package, found.version, found.architecture) == ("demo-thing", "1.0-1", "all")
    assert found.inputs == "1" * 64


def test_the_record_is_for_people_too(tmp_path: Path) -> None:
    directory, package = built(tmp_path)
    directory.write([Built.of(package, "1" * 64)])
    record = json.loads((directory.path / "built.json").read_text())
    assert record["packages"][0]["fields"]["Maintainer"] == "Somebody <somebody@example.org>"
    assert record["packages"][0]["sha256"] == package.digest.sha256


@pytest.mark.parametrize("damage", ["gone", "cut off", "no gzip"])
def test_a_list_of_paths_that_was_lost_is_read_from_the_package(damage: str, tmp_path: Path) -> None:
    directory, package = built(tmp_path)
    directory.write([Built.of(package, "")])
    (listing,) = (directory.path / "members").iterdir()
    match damage:
        case "gone":
            listing.unlink()
        case "cut off":
            listing.write_bytes(listing.read_bytes()[:-9])
        case _:
            listing.write_bytes(b"x" * 30)
    (found,) = directory.read()
    assert found.members() == PATHS


def test_what_no_longer_counts_goes_with_its_list_of_paths(tmp_path: Path) -> None:
    directory, old = built(tmp_path)
    directory.write([Built.of(old, "")])
    _, new = built(tmp_path, Version="2.0-1")
    directory.write([Built.of(new, "")])
    names = {str(path.relative_to(directory.path)) for path in directory.path.rglob("*") if path.is_file()}
    assert names == {"built.json", new.filename, f"members/{new.digest.sha256}.gz"}


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    directory, package = built(tmp_path)
    directory.write([Built.of(package, "")])
    before = (directory.path / "built.json").read_bytes()
    directory.write(directory.read())
    assert (directory.path / "built.json").read_bytes() == before
    assert directory.read()[0].members() == PATHS


def test_a_package_that_another_takes_away_is_not_whole_and_no_error(tmp_path: Path) -> None:
    """Who plans or publishes holds nothing: another build may come to an end at any moment."""
    directory, package = built(tmp_path)
    found, begun, before = Built.of(package, ""), threading.Event(), sys.getswitchinterval()
    other_name = package.path.rename(tmp_path / "other")

    def come_and_go() -> None:
        begun.set()
        while begun.is_set():
            package.path.hardlink_to(other_name)
            package.path.unlink()

    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(5) as threads:
        threads.submit(come_and_go)
        begun.wait()
        try:
            looking = [threads.submit(lambda: {found.is_whole(directory.path) for _ in range(1000)}) for _ in range(4)]
            seen = {each for one in looking for each in one.result()}
        finally:
            begun.clear()
            sys.setswitchinterval(before)
    assert False in seen


BAD = {
    "an older format": ('{"format": 1, "packages": []}', "it has format 1, and this katpkg writes format 2"),
    "no JSON": ("{", "Expecting property name"),
    "another shape": ("[]", "list indices"),
    "a package without fields": ('{"format": 2, "packages": [{"size": 1}]}', "fields"),
    "fields that are none": ('{"format": 2, "packages": [{"fields": 1}]}', "has no attribute"),
    "a name that leads elsewhere": (
        '{"format": 2, "packages": [{"fields": {"Package": "../x", "Version": "1", "Architecture": "all"}, '
        f'"inputs": "", "size": 1, "sha256": "{"0" * 64}"}}]}}',
        "is no package name",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_record_that_cannot_be_read_says_what_to_do(case: str, tmp_path: Path) -> None:
    text, details = BAD[case]
    directory = BuildDirectory(tmp_path, BOOKWORM)
    record = directory.path / "built.json"
    record.parent.mkdir()
    record.write_text(text)
    with pytest.raises(BuildError) as caught:
        directory.read()
    assert caught.value.message == "the record of what was built cannot be read"
    assert caught.value.hint == f"rm {record}; katpkg build"
    assert details in str(caught.value.details)
    assert record.read_text() == text


def test_nothing_is_recorded_where_nothing_was_ever_built(tmp_path: Path) -> None:
    directory = BuildDirectory(tmp_path, BOOKWORM)
    assert not directory.exists()
    assert directory.read() == ()
