"""What a directory promises beyond what every store does."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.store.base import HIDDEN
from katpkg.store.local import LocalStore

MOMENT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return tmp_path / "public"


def create(store: LocalStore, key: str, content: bytes) -> bool:
    return store.create(key, content, Digest.of(content))


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "a/./b", "", f"{HIDDEN}/lock", "a/../../b", "a\0b", "a/"])
def test_a_directory_takes_no_key_that_leads_elsewhere(key: str, public: Path) -> None:
    store = LocalStore(public)
    with pytest.raises(StoreError, match="is no key of an archive"):
        store.put(key, b"")
    with pytest.raises(StoreError, match="is no key of an archive"):
        create(store, key, b"")
    with pytest.raises(StoreError, match="is no key of an archive"):
        store.read(key)
    assert [path for path in public.parent.rglob("*") if path.is_file() and HIDDEN not in path.parts] == []


def test_a_directory_follows_no_link(tmp_path: Path, public: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "InRelease").write_bytes(b"another archive's")
    LocalStore(public).put("pool/a", b"")
    (public / "dists").symlink_to(outside)
    (public / "pool/b").symlink_to(outside / "InRelease")
    store = LocalStore(public)
    for act in (
        lambda: store.put("dists/InRelease", b""),
        lambda: create(store, "dists/new", b""),
        lambda: store.read("dists/InRelease"),
        lambda: store.delete("dists/InRelease"),
        lambda: store.read("pool/b"),
        lambda: store.put("pool/b", b""),
    ):
        with pytest.raises(StoreError, match="symbolic link inside the archive") as caught:
            act()
        assert caught.value.hint is not None
        assert str(public) in caught.value.hint
    assert [found.key for found in store.list("")] == ["pool/a"]
    assert [path.name for path in outside.iterdir()] == ["InRelease"]
    assert (outside / "InRelease").read_bytes() == b"another archive's"


def test_a_directory_is_readable_by_a_web_server_whatever_the_umask(public: Path) -> None:
    before = os.umask(0o077)
    try:
        LocalStore(public).put("dists/bookworm/InRelease", b"")
        create(LocalStore(public), "pool/a/b", b"")
    finally:
        os.umask(before)
    for path in ("", "dists", "dists/bookworm", "pool", "pool/a"):
        assert stat.S_IMODE((public / path).stat().st_mode) == 0o755
    for path in ("dists/bookworm/InRelease", "pool/a/b"):
        assert stat.S_IMODE((public / path).stat().st_mode) == 0o644


def test_clients_are_told_the_moment_of_the_commit_as_the_time_of_change(public: Path) -> None:
    store = LocalStore(public)
    assert store.replace("dists/bookworm/InRelease", b"1", None, MOMENT)
    assert (public / "dists/bookworm/InRelease").stat().st_mtime == MOMENT.timestamp()
    found = store.look("dists/bookworm/InRelease")
    assert found is not None
    assert found.modified == MOMENT


def leftovers(public: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in (public / HIDDEN).iterdir()}


def test_nothing_but_the_lock_is_left_behind(public: Path) -> None:
    store = LocalStore(public)
    create(store, "pool/a", b"1")
    create(store, "pool/a", b"1")
    store.put("b", b"2")
    with pytest.raises(StoreError):
        store.create("pool/c", b"3", Digest.of(b"4"))
    assert leftovers(public) == {"lock", "writer"}
    del store
    gc.collect()  # the error's traceback knows the store
    assert leftovers(public) == {"lock"}


KILLED = """
import os, signal, sys
from pathlib import Path
from katpkg.model.digests import Digest
from katpkg.store.local import LocalStore
from katpkg.store.scratch import NewFile
write = NewFile.write
def die(file, block):
    write(file, block[:2])
    print("half", flush=True)
    {then}
NewFile.write = die
LocalStore(Path(sys.argv[1])).create("pool/a", b"whole", Digest.of(b"whole"))
"""


def test_what_a_killed_publisher_left_is_swept_by_the_next(public: Path) -> None:
    script = KILLED.format(then="os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run([sys.executable, "-c", script, public], check=False)
    assert done.returncode == -signal.SIGKILL
    assert leftovers(public) == {"lock", "writer", "new"}
    store = LocalStore(public)
    assert create(store, "pool/b", b"2")
    assert len(list((public / HIDDEN).glob("writer-*"))) == 1
    assert list((public / HIDDEN).glob("new-*")) == []
    assert [found.key for found in store.list("")] == ["pool/b"]


def test_what_a_living_publisher_is_writing_is_not_swept(public: Path) -> None:
    script = KILLED.format(then="sys.stdin.read(); write(file, block[2:])")
    other = subprocess.Popen([sys.executable, "-c", script, public], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"half\n"
    assert create(LocalStore(public), "pool/b", b"2")
    other.communicate(timeout=120)
    assert other.returncode == 0
    assert (public / "pool/a").read_bytes() == b"whole"


def test_replacing_compares_when_nobody_else_can_write(public: Path) -> None:
    store = LocalStore(public)
    store.put("InRelease", b"1")
    token = store.token(b"1")
    with ThreadPoolExecutor(1) as threads, (public / HIDDEN / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        replaced = threads.submit(store.replace, "InRelease", b"2", token)
        assert wait([replaced], timeout=0.2).not_done
        (public / "InRelease").write_bytes(b"3")
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert not replaced.result()
    assert (public / "InRelease").read_bytes() == b"3"


def test_creating_waits_for_no_lock(public: Path) -> None:
    store = LocalStore(public)
    create(store, "pool/a", b"1")
    with (public / HIDDEN / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert create(store, "pool/b", b"2")


def test_a_directory_that_somebody_removed_as_empty_is_made_again(public: Path) -> None:
    store = LocalStore(public)
    create(store, "pool/k/a", b"1")
    store.delete("pool/k/a")
    (public / "pool/k").rmdir()
    assert store.read("pool/k/a") is None
    assert create(store, "pool/k/a", b"2")


def test_two_who_make_a_removed_directory_again_create_a_key_once(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = LocalStore(public), LocalStore(public)
    for store in (one, other):
        create(store, "pool/k/a", b"1")
    one.delete("pool/k/a")
    (public / "pool/k").rmdir()
    link, gap = os.link, [lambda: create(other, "pool/k/a", b"theirs")]

    def late(old: str, new: str) -> None:
        """The first link finds no directory; before the second, the other has made it, and the key."""
        try:
            link(old, new)
        except FileNotFoundError:
            if gap:
                gap.pop()()
            raise

    monkeypatch.setattr("os.link", late)
    assert not create(one, "pool/k/a", b"ours")
    assert (public / "pool/k/a").read_bytes() == b"theirs"


def test_where_the_file_system_has_no_hard_links_a_key_is_still_created_once(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(public)
    assert create(store, "pool/a", b"1")
    assert not create(store, "pool/a", b"2")
    assert (public / "pool/a").read_bytes() == b"1"
    assert leftovers(public) == {"lock", "writer"}


def test_an_unwritable_directory_is_an_error_with_a_way_out(public: Path) -> None:
    public.write_text("a file")
    for act in (lambda: LocalStore(public).put("a", b"1"), lambda: create(LocalStore(public), "a", b"1")):
        with pytest.raises(StoreError) as caught:
            act()
        assert "the archive cannot be read or written" in caught.value.message
        assert caught.value.hint == "what was published before is whole; when this is mended, publish again"
    assert public.read_text() == "a file"


def test_a_directory_in_the_place_of_an_object_is_named(public: Path) -> None:
    (public / "dists/InRelease").mkdir(parents=True)
    with pytest.raises(StoreError, match="Is a directory") as caught:
        LocalStore(public).read("dists/InRelease")
    assert caught.value.where == "dists/InRelease"


def test_a_full_disk_leaves_what_was_there_and_nothing_half_written(tmp_path: Path) -> None:
    public = tmp_path / "small"
    public.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", public], check=True)
    try:
        store = LocalStore(public)
        store.put("dists/InRelease", b"old")
        big = os.urandom(1 << 20)
        with pytest.raises(StoreError, match="No space left on device") as caught:
            create(store, "pool/a", big)
        with pytest.raises(StoreError, match="No space left on device"):
            store.replace("dists/InRelease", big, store.token(b"old"))
        assert caught.value.hint == "what was published before is whole; when this is mended, publish again"
        assert [found.key for found in store.list("")] == ["dists/InRelease"]
        assert (public / "dists/InRelease").read_bytes() == b"old"
        assert leftovers(public) == {"lock", "writer"}
    finally:
        del store, caught
        gc.collect()  # its writer's file is open
        subprocess.run(["umount", public], check=True)


def test_making_durable_is_one_call_for_many_files(public: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from katpkg.model.digests import Digest\n"
        "from katpkg.store.local import LocalStore\n"
        "store = LocalStore(Path(sys.argv[1]))\n"
        "for number in range(20): store.create(f'pool/{number}', b'1', Digest.of(b'1'))\n"
        "store.settle(); store.settle()\n"
        "store.replace('InRelease', b'1', None)\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=syncfs,fsync,fdatasync,rename,flock"
    subprocess.run(["strace", "-f", "-o", trace, "-e", calls, sys.executable, "-c", script, public], check=True)
    seen = [line.split()[1].partition("(")[0] for line in trace.read_text().splitlines() if "(" in line.split()[1]]
    durable = [call for call in seen if call != "flock"]
    assert durable == ["syncfs", "fsync", "rename", "fsync"]
    assert seen.count("flock") == 3  # to register as a writer, for that, and to replace


def test_what_replaces_is_not_durable_before_what_was_created(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr("katpkg.store.local.sync_file_system", lambda _: synced.append((public / "InRelease").exists()))
    store = LocalStore(public)
    create(store, "pool/a", b"1")
    store.replace("InRelease", b"1", None)
    assert synced == [False]
