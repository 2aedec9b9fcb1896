"""The copies: Release and its signature are InRelease in two files, and each publication leaves them so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from katpkg.repository.apt.changes import Refresh
from katpkg.repository.clearsigned import SIGNATURE
from tests.archives import MemoryArchive

DISTS = "dists/bookworm"


@pytest.fixture
def archive(tmp_path: Path) -> MemoryArchive:
    return MemoryArchive(tmp_path)


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
