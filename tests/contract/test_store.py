"""What every store keeps its word on, whatever it is made of."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.repository.publication import Token
from katpkg.store.base import Store
from katpkg.store.local import HIDDEN, LocalStore
from tests.fakes import MemoryStore

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "directory": lambda path: LocalStore(path / "public"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path)


def test_what_was_put_is_read(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"from a file")
    store.put("a/b", b"bytes")
    store.put("a/c", file)
    assert store.read("a/b") is not None
    assert store.digest("a/b") == Digest.of(b"bytes")
    found = store.read("a/c")
    assert found is not None
    assert found[0] == b"from a file"


def test_nothing_is_read_where_nothing_was_put(store: Store) -> None:
    assert store.read("a/b") is None
    assert store.digest("a/b") is None


def test_a_key_is_created_once(store: Store) -> None:
    assert store.put_if("a", b"1", None)
    assert not store.put_if("a", b"2", None)
    found = store.read("a")
    assert found is not None
    assert found[0] == b"1"


def test_a_key_is_replaced_only_when_it_is_still_the_same(store: Store) -> None:
    store.put("a", b"1")
    found = store.read("a")
    assert found is not None
    assert store.put_if("a", b"2", found[1])
    assert not store.put_if("a", b"3", found[1])
    assert not store.put_if("absent", b"3", Token("0"))
    assert store.read("absent") is None
    assert store.digest("a") == Digest.of(b"2")


def test_of_many_who_create_a_file_at_once_one_wins(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "public")
    won: list[int] = []

    def create(number: int) -> None:
        if store.put_if("a", str(number).encode(), None):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    found = store.read("a")
    assert found is not None
    assert found[0] == str(won[0]).encode()


def test_keys_are_listed_by_prefix_and_sorted(store: Store) -> None:
    for key in ("b/2", "a/1", "b/1"):
        store.put(key, b"")
    assert list(store.keys("b/")) == ["b/1", "b/2"]
    assert list(store.keys("")) == ["a/1", "b/1", "b/2"]


def test_what_is_deleted_is_gone(store: Store) -> None:
    store.put("a", b"1")
    store.delete("a")
    store.delete("a")
    assert store.read("a") is None


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "a/./b", "", f"{HIDDEN}/lock", "a/../../b"])
def test_a_directory_takes_no_key_that_leads_elsewhere(key: str, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "public")
    with pytest.raises(StoreError, match="is no key of an archive"):
        store.put(key, b"")


def test_a_directory_follows_no_link(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "public")
    store.put("pool/a", b"")
    (tmp_path / "outside").mkdir()
    (tmp_path / "public/dists").symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="symbolic link inside the archive"):
        store.put("dists/InRelease", b"")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_directory_is_readable_by_a_web_server_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        LocalStore(tmp_path / "public").put("dists/bookworm/InRelease", b"")
    finally:
        os.umask(before)
    for path in ("", "dists", "dists/bookworm"):
        assert stat.S_IMODE((tmp_path / "public" / path).stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "public/dists/bookworm/InRelease").stat().st_mode) == 0o644


def test_what_a_killed_publisher_left_is_swept_by_the_next(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "public")
    store.put("a", b"1")
    left = tmp_path / "public" / HIDDEN / "new-0123"
    left.write_bytes(b"half")
    store.put("b", b"2")
    assert not left.exists()
    assert list(store.keys("")) == ["a", "b"]


def test_an_unwritable_directory_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file")
    with pytest.raises(StoreError) as caught:
        LocalStore(tmp_path / "public").put("a", b"1")
    assert "the archive cannot be read or written" in caught.value.message
    assert caught.value.hint is not None
    assert (tmp_path / "public").read_text() == "a file"
