"""A disk that is full: a real file system that takes no more, wherever that may strike."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from katpkg.model.digests import Digest
from tests.builders import make_tar
from tests.integration.conftest import Small
from tests.trees import tree

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("small")]

BIG = 600_000


@contextmanager
def disk(path: Path, size: int) -> Iterator[None]:
    """A file system of ``size`` bytes at ``path``; what is there already is on it."""
    assert os.geteuid() == 0, "mounting a file system needs root"
    path.mkdir(exist_ok=True)
    inside = path.with_name(f"{path.name}.before")
    path.rename(inside)
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    try:
        subprocess.run(["cp", "-a", f"{inside}/.", path], check=True)
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.fixture
def big(small: Small) -> Small:
    """The small archive, whose page is ``BIG`` and does not compress."""
    make_tar(small.artifacts / "page-2.0.tar.gz", {"www/index.html": os.urandom(BIG)})
    small.definition.katpkg("fetch", "page")
    return small


@pytest.mark.parametrize("room", [4096, BIG // 2, BIG + BIG // 2, 2 * BIG + BIG // 2, 3 * BIG + BIG // 2])
def test_a_full_build_directory_is_said_and_left_as_it_was(room: int, big: Small) -> None:
    packages = big.root / "packages"
    with disk(packages, room):
        done = big.definition.katpkg("build", "page", "--no-lintian", check=False)
        assert done.returncode == 5, done.stderr
        assert "error: the build directory cannot be written: No space left on device" in done.stderr
        assert f"in: {packages}" in done.stderr
        assert "hint: make room there, or set build.directory in katpkg.toml" in done.stderr
        assert "Traceback" not in done.stderr
        assert set(tree(packages)) <= {"bookworm"}
    big.definition.katpkg("build", "page", "--no-lintian")


def test_a_build_directory_that_cannot_be_written_is_said(small: Small) -> None:
    with disk(small.root / "packages", 1 << 20):
        subprocess.run(["mount", "-o", "remount,ro", small.root / "packages"], check=True)
        done = small.definition.katpkg("build", "page", "--no-lintian", check=False)
    assert done.returncode == 5
    assert "error: the build directory cannot be written: Read-only file system" in done.stderr


def test_a_full_cache_is_said_and_left_as_it_was(small: Small) -> None:
    cache = small.root / "cache"
    make_tar(small.artifacts / "page-2.0.tar.gz", {"www/index.html": os.urandom(BIG)})
    lock = small.lock.read_bytes()
    with disk(cache, sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) + BIG // 2):
        before = tree(cache)
        done = small.definition.katpkg("fetch", check=False)
        assert tree(cache) == before
    assert done.returncode == 4
    assert "error: page-2.0.tar.gz cannot be kept: No space left on device" in done.stderr
    assert "hint: make room there, or set build.cache in katpkg.toml" in done.stderr
    assert small.lock.read_bytes() == lock


def test_a_lock_that_finds_no_room_stays_as_it_was(small: Small) -> None:
    make_tar(small.artifacts / "page-2.0.tar.gz", {"www/index.html": b"new"})
    with disk(small.definition.directory, 1 << 20):
        before = small.lock.read_bytes()
        room = shutil.disk_usage(small.definition.directory).free
        (small.definition.directory / "filler").write_bytes(bytes(room))
        done = small.definition.katpkg("fetch", check=False)
        assert small.lock.read_bytes() == before
        assert not list(small.definition.directory.glob(".*"))
    assert done.returncode == 3
    assert "error: the lock cannot be written: No space left on device" in done.stderr
    assert "the lock is as it was before" in done.stderr


def test_a_full_archive_keeps_its_published_state(published_small: Small) -> None:
    small = published_small
    make_tar(small.artifacts / "page-2.0.tar.gz", {"www/index.html": os.urandom(BIG)})
    small.definition.katpkg("fetch", "page")
    small.definition.katpkg("build", "page", "--no-lintian")
    used = int(subprocess.run(["du", "-s", "-B1", small.public], check=True, capture_output=True).stdout.split()[0])
    with disk(small.public, used + BIG // 2):
        before = tree(small.public)
        done = small.definition.katpkg("publish", check=False)
        assert before.items() <= tree(small.public).items()
        new = [small.public / name for name in tree(small.public).keys() - before.keys()]
        assert all(path.name == Digest.of(path).sha256 for path in new if path.is_file())  # by-hash, and whole
    assert done.returncode == 8, done.stderr
    assert "No space left on device" in done.stderr
    assert "hint: what was published before is whole; when this is mended, publish again" in done.stderr
    assert "Traceback" not in done.stderr
    small.definition.katpkg("publish")
