"""What every store keeps its word on, whatever it is made of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.repository.publication import Token
from katpkg.store.base import Store
from tests.fakes import MemoryStore


def create(store: Store, key: str, content: bytes) -> bool:
    return store.create(key, content, Digest.of(content))


def content_of(store: Store, key: str) -> bytes | None:
    found = store.read(key)
    return found and found[0]


def keys(store: Store, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


@pytest.mark.parametrize("size", [0, 1, 5000, 3 << 20])
def test_what_was_created_is_read_in_every_way(size: int, store: Store, tmp_path: Path) -> None:
    content = os.urandom(size)
    file = tmp_path / "file"
    file.write_bytes(content)
    assert create(store, "a/bytes", content)
    assert store.create("a/file", str(file), Digest.of(file))
    for key in ("a/bytes", "a/file"):
        assert content_of(store, key) == content
        assert store.digest(key) == Digest.of(content)
        stream = store.open(key)
        assert stream is not None
        with stream as file_like:
            assert file_like.read() == content
        found = store.look(key)
        assert found is not None
        assert (found.key, found.size) == (key, size)


def test_nothing_is_found_where_nothing_was_put(store: Store) -> None:
    assert store.read("a/b") is None
    assert store.open("a/b") is None
    assert store.look("a/b") is None
    assert store.digest("a/b") is None
    assert not store.renew("a/b")
    assert keys(store) == []


def test_a_key_is_created_once(store: Store) -> None:
    assert create(store, "a", b"1")
    assert not create(store, "a", b"2")
    assert not store.replace("a", b"3", None)
    assert content_of(store, "a") == b"1"


@pytest.mark.parametrize("arrived", [b"", b"planne", b"Planned", b"planned and more"])
@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_what_is_not_what_was_planned_does_not_get_in(kind: str, arrived: bytes, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "kat_1_all.deb"
    file.write_bytes(arrived)
    with pytest.raises(StoreError, match=r"kat_1_all\.deb changed after it was looked at") as caught:
        store.create("pool/kat_1_all.deb", str(file) if kind == "file" else arrived, Digest.of(b"planned"))
    assert caught.value.hint == "let nothing write to it meanwhile, and publish again"
    assert str(Digest.of(b"planned")) in str(caught.value.details)
    assert keys(store) == []
    assert create(store, "pool/kat_1_all.deb", b"planned")


def test_a_key_is_replaced_only_when_it_is_still_the_same(store: Store) -> None:
    assert store.replace("a", b"1", None)
    found = store.read("a")
    assert found is not None
    assert store.replace("a", b"2", found[1])
    assert not store.replace("a", b"3", found[1])
    assert not store.replace("absent", b"3", found[1])
    assert store.read("absent") is None
    assert content_of(store, "a") == b"2"


def test_the_token_of_what_was_just_written_is_known_without_asking(store: Store) -> None:
    store.put("a", b"1")
    assert store.replace("a", b"2", store.token(b"1"))
    found = store.read("a")
    assert found is not None
    assert found[1] == store.token(b"2")


def test_what_is_put_replaces_whatever_is_there(store: Store) -> None:
    store.put("a", b"1")
    store.put("a", b"2")
    assert content_of(store, "a") == b"2"


def at_once(work: Callable[[int], bool], number: int) -> list[bool]:
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(work, range(number)))


def test_of_many_who_create_a_key_at_once_one_wins(store: Store) -> None:
    for key in ("pool/a", "pool/b", "pool/c"):
        won = at_once(lambda number, key=key: create(store, key, f"{number}".encode()), 16)  # type: ignore[misc]
        assert won.count(True) == 1
        assert content_of(store, key) == f"{won.index(True)}".encode()


def test_of_many_who_replace_at_once_nobody_is_lost(store: Store) -> None:
    store.put("counter", b"0")

    def increment(_: int) -> bool:
        while True:
            found = store.read("counter")
            assert found is not None
            if store.replace("counter", b"%d" % (int(found[0]) + 1), found[1]):
                return True

    at_once(increment, 12)
    assert content_of(store, "counter") == b"12"


def test_keys_are_listed_by_prefix_and_sorted(store: Store) -> None:
    written = ["a-b/1", "a/1", "a/b/2", "a/b-c", "a0", "b/1~rc1", "b/kat_1.0~rc1-1~deb12u1_all.deb", "é"]
    for key in reversed(written):
        create(store, key, key.encode())
    assert keys(store) == sorted(written)
    assert keys(store, "a/") == ["a/1", "a/b-c", "a/b/2"]
    assert keys(store, "a/b") == ["a/b-c", "a/b/2"]
    assert keys(store, "c") == []
    assert [found.size for found in store.list("b/1")] == [len("b/1~rc1")]


def test_more_keys_than_a_page_holds_are_listed(store: Store) -> None:
    expected = [f"pool/{number:04}" for number in range(1003)]
    with ThreadPoolExecutor(store.parallel) as threads:
        list(threads.map(lambda key: store.put(key, b""), expected))
    assert keys(store, "pool/") == expected


def test_several_are_read_at_once_in_their_order(store: Store) -> None:
    for key in ("a", "b", "c"):
        store.put(key, key.encode())
    found = store.read_all(["c", "absent", "a", "b"])
    assert [each and each[0] for each in found] == [b"c", None, b"a", b"b"]
    assert store.read_all([]) in ([], ())
    assert [each and each[0] for each in store.read_all(["a"])] == [b"a"]


def test_what_is_renewed_is_younger_and_the_same(store: Store) -> None:
    create(store, "pool/a", b"1")
    before = store.look("pool/a")
    assert before is not None
    if isinstance(store, MemoryStore):
        store.now += timedelta(seconds=2)
    else:
        time.sleep(1.1)  # stores count seconds
    assert store.renew("pool/a")
    after = store.look("pool/a")
    assert after is not None
    assert after.modified > before.modified
    assert content_of(store, "pool/a") == b"1"


def test_what_is_deleted_is_gone(store: Store) -> None:
    store.put("a", b"1")
    store.delete("a")
    store.delete("a")
    assert store.read("a") is None
    assert create(store, "a", b"2")


def test_what_was_renewed_is_not_deleted_by_who_looked_before(store: Store) -> None:
    create(store, "pool/a", b"1")
    before = store.look("pool/a")
    assert before is not None
    if isinstance(store, MemoryStore):
        store.now += timedelta(seconds=2)
    else:
        time.sleep(1.1)  # stores count seconds
    assert store.renew("pool/a")
    store.delete("pool/a", before.modified)
    assert content_of(store, "pool/a") == b"1"
    (listed,) = store.list("pool/")
    store.delete("pool/a", listed.modified)
    store.delete("pool/a", listed.modified)
    assert store.look("pool/a") is None


def test_a_store_that_keeps_its_word_passes_its_own_probe_and_shows_nothing_of_it(store: Store) -> None:
    store.probe()
    store.put("a", b"1")
    store.probe()
    store.settle()
    assert keys(store) == ["a"]


def test_clocks_of_one_machine_agree(store: Store) -> None:
    store.put("a", b"1")
    assert abs(store.ahead()) < timedelta(seconds=5)


def test_where_an_object_is_can_be_told_to_people(store: Store) -> None:
    assert store.where("dists/bookworm/InRelease").endswith("dists/bookworm/InRelease")


def test_a_wrong_token_never_overwrites(store: Store) -> None:
    store.put("a", b"1")
    for token in (Token("0"), Token('""'), Token('"0123456789abcdef0123456789abcdef"')):
        assert not store.replace("a", b"2", token)
    assert content_of(store, "a") == b"1"
