"""The copies: Release and its signature are InRelease in two files, and each publication leaves them so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from katpkg.repository.apt.changes import Refresh, Restore
from katpkg.repository.clearsigned import SIGNATURE
from tests.archives import STABLE, MemoryArchive
from tests.sites import Fill, made_up

DISTS = "dists/bookworm"
PATCHES = "main/binary-amd64/Packages.diff/Index"
UNPATCHED = replace(STABLE, patches=False)


def assert_two_halves(archive: MemoryArchive) -> None:
    """Release and Release.gpg are InRelease taken apart at the line end that nothing signs."""
    inrelease, release, signature = (
        archive.store.objects[f"{DISTS}/{name}"] for name in ("InRelease", "Release", "Release.gpg")
    )
    assert inrelease == archive.signer.MARK + release + b"\n" + signature
    assert signature.startswith(SIGNATURE)


def make_old(archive: MemoryArchive) -> None:
    """Have the copies as they were when each had a signature of its own: of Release with its last line end."""
    archive.store.objects[f"{DISTS}/Release"] += b"\n"
    archive.store.objects[f"{DISTS}/Release.gpg"] = b"another signature"


def test_release_and_its_signature_are_inrelease_taken_apart(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    assert_two_halves(archive)
    archive.add("kat-b")
    assert_two_halves(archive)


@pytest.mark.parametrize(
    "publish",
    [
        lambda archive: archive.add("kat-b"),
        lambda archive: archive.add("kat-a"),
        lambda archive: archive.make(Refresh()),
    ],
    ids=["another package", "the same again", "the same under a new date"],
)
def test_an_archive_whose_release_is_signed_by_itself_is_brought_in_line(
    publish: Callable[[MemoryArchive], object], archive: MemoryArchive
) -> None:
    archive.add("kat-a")
    make_old(archive)
    publish(archive)
    assert_two_halves(archive)
    archive.store.log.clear()
    archive.add("kat-c")
    copies = [key for key in archive.store.log if key.rpartition("/")[2] in ("Release", "Release.gpg")]
    assert copies == [f"{DISTS}/Release.gpg", f"{DISTS}/Release"]  # once, not first on a condition and then again


@pytest.fixture
def large(archive: MemoryArchive) -> MemoryArchive:
    """An archive whose index is so large that patches of it are listed."""
    archive.make(Fill(stanzas=[made_up(f"package{number:04}") for number in range(1500)]))
    archive.add("kat-a", architecture="amd64")
    assert PATCHES in archive.current().release.indexes
    return archive


def turn_off_and_on(archive: MemoryArchive) -> None:
    archive.add("kat-b", suite=UNPATCHED, architecture="amd64")
    assert PATCHES not in archive.current(UNPATCHED).release.indexes


def roll_back(archive: MemoryArchive) -> None:
    archive.make(Restore(generation=archive.kept()[0]))
    assert PATCHES not in archive.current().release.indexes


@pytest.mark.parametrize("end", [turn_off_and_on, roll_back])
def test_a_list_of_patches_that_begins_anew_replaces_the_copy_of_the_last_one(
    end: Callable[[MemoryArchive], None], large: MemoryArchive
) -> None:
    before = large.store.objects[f"{DISTS}/{PATCHES}"]
    end(large)
    assert large.store.objects[f"{DISTS}/{PATCHES}"] == before
    large.store.log.clear()
    large.add("kat-c", architecture="amd64")
    assert len(large.store.log) == len({*large.store.log}) == 12  # each once: the copies need not be brought in line
    assert large.store.digest(f"{DISTS}/{PATCHES}") == large.current().release.indexes[PATCHES]


def test_the_copy_of_a_list_of_patches_goes_with_the_last_generation_that_has_one(large: MemoryArchive) -> None:
    large.add("kat-b", suite=UNPATCHED, architecture="amd64")
    large.pass_time(days=3)
    assert "Index" not in large.prune(generations=1, generation_hours=0)
    assert f"{DISTS}/{PATCHES}" in large.store.objects
    assert "Index" in large.prune(generations=0, generation_hours=0)
    assert f"{DISTS}/{PATCHES}" not in large.store.objects
    assert {f"{DISTS}/main/binary-{each}/Packages.{form}" for each in ("amd64", "arm64") for form in ("gz", "xz")} <= {
        *large.store.objects
    }


def test_the_copy_of_a_list_of_patches_that_is_young_stays(large: MemoryArchive) -> None:
    large.add("kat-b", suite=UNPATCHED, architecture="amd64")
    large.pass_time(hours=47)
    assert large.prune(generations=0, generation_hours=0)
    assert f"{DISTS}/{PATCHES}" in large.store.objects
