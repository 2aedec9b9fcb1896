"""katpkg verify on an archive behind a web server, which can fail in ways of its own."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.store.local import LocalStore
from katpkg.store.web import WebStore
from tests.ours import Ours, make_ours
from tests.web import serving

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """Never to be changed."""
    return make_ours(tmp_path_factory.mktemp("verify"))


@pytest.fixture
def archive(master: Ours, tmp_path: Path) -> Ours:
    """A copy, to be spoiled."""
    shutil.copytree(master.directory, tmp_path / "archive")
    return Ours(directory=tmp_path / "archive")


def test_an_archive_behind_a_web_server_is_verified_as_its_clients_see_it(archive: Ours) -> None:
    with serving(archive.public) as web:
        status, report = archive.report(web.url)
        assert (status, report["findings"], report["files"], report["hashed"]) == (0, [], 2, 2)
        assert [tally["suite"] for tally in report["suites"]] == ["bookworm"]  # nothing is published for testers
        web.control = "public, max-age=86400"
        archive.by_hash("Packages.gz").unlink()
        next(archive.public.rglob("demo-b_*.deb")).unlink()
        assert archive.rules(web.url) == {"cached-too-long", "by-hash-missing", "package-missing"}


def test_what_a_web_server_cannot_answer_now_is_asked_for_again_and_then_told(archive: Ours) -> None:
    with serving(archive.public) as web:
        web.fails = 2
        assert archive.rules(web.url) == set()
        web.answers = {"Release.gpg": 403}
        assert archive.rules(web.url) == {"unreadable"}
        web.answers = {}
        web.cuts = ".deb"
        status, report = archive.report(web.url)
        assert status == 7
        assert {finding["rule"] for finding in report["findings"]} == {"package-size"}
        assert "1000000 bytes" in report["findings"][0]["what"]


def test_an_archive_that_clients_may_not_read_is_told_as_that(archive: Ours) -> None:
    with serving(archive.public) as web:
        web.answers = {"": 403}
        done = archive.katpkg("verify", web.url)
    assert (done.returncode, done.stdout) == (8, "")
    assert "the server does not answer properly: 403 Forbidden" in done.stderr
    assert "hint: let everybody read it" in done.stderr


def test_a_body_that_breaks_off_is_no_file(archive: Ours) -> None:
    with serving(archive.public) as web:
        web.cuts = "InRelease"
        store = WebStore(web.url)
        with pytest.raises(StoreError, match="it broke off"):
            store.read("dists/bookworm/InRelease")
        stream = store.open("dists/bookworm/InRelease")
        assert stream is not None
        with stream as file, pytest.raises(StoreError, match="it broke off"):
            list(iter(partial(file.read, 1 << 16), b""))


def test_a_web_server_reads_like_a_store(archive: Ours) -> None:
    key = "dists/bookworm/InRelease"
    local = LocalStore(archive.public)
    with serving(archive.public) as web:
        store = WebStore(web.url)
        entry, ours = store.look(key), local.look(key)
        assert entry is not None
        assert ours is not None
        assert (entry.size, entry.modified) == (ours.size, ours.modified.replace(microsecond=0))
        (found, absent) = store.read_all([key, "dists/nothing"])
        assert found is not None
        assert found[0] == (archive.public / key).read_bytes()
        assert (absent, store.open("dists/nothing"), store.look("dists/nothing")) == (None, None, None)
        assert store.cache_control(key) is None


@pytest.mark.parametrize("elsewhere", ["ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_nobody_is_sent_where_no_web_server_is(elsewhere: str, archive: Ours) -> None:
    with serving(archive.public) as web:
        web.elsewhere = elsewhere
        with pytest.raises(StoreError, match=r"no web address|is not allowed"):
            WebStore(web.url).read("dists/bookworm/InRelease")


def test_a_server_that_is_not_there_is_an_error_of_the_store(archive: Ours) -> None:
    with serving(archive.public) as web:
        url = web.url
    done = archive.katpkg("verify", url)
    assert done.returncode == 8
    assert "the server does not answer properly" in done.stderr
    assert done.stdout == ""
