"""katpkg verify on a real archive of ours: what it tells, what it repairs, and what it never touches."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.repository.keys import PublicKey
from katpkg.repository.signing import GpgVerifier
from katpkg.store.local import LocalStore
from katpkg.store.web import WebStore
from tests.ours import INDEX, Ours, make_ours
from tests.trees import tree
from tests.whole import OurWitness, check_whole

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


def test_an_archive_of_ours_is_whole_and_verifying_it_writes_nothing(master: Ours) -> None:
    before = tree(master.directory, times=True)
    done = master.katpkg("verify", "--all-files")
    assert (done.returncode, done.stdout) == (0, "nothing is wrong\n")
    assert re.search(r"bookworm +2 +4 +0 +0 +0\n", done.stderr)
    assert tree(master.directory, times=True) == before


def test_the_report_has_all_that_is_wrong_and_what_to_do_and_the_exit_status_is_seven(archive: Ours) -> None:
    archive.by_hash("Packages.xz").unlink()
    (archive.public / INDEX / "Packages.gz").write_bytes(b"old")
    next(archive.public.rglob("demo-a_*.deb")).unlink()
    done = archive.katpkg("verify")
    assert done.returncode == 7
    assert [*re.findall(r"\[([a-z0-9-]+)\]", done.stdout)] == ["by-hash-missing", "package-missing", "copy-wrong"]
    assert done.stdout.startswith("bookworm\n")
    assert "hint: katpkg verify --repair" in done.stdout
    status, report = archive.report()
    assert status == 7
    assert report["version"] == 1
    assert {*report["findings"][0]} == {"level", "rule", "suite", "where", "what", "hint"}


def test_warnings_alone_are_no_failure(archive: Ours) -> None:
    (archive.public / "dists/bookworm/Release.gpg").unlink()
    status, report = archive.report()
    assert (status, [finding["level"] for finding in report["findings"]]) == (0, ["warning"])


@pytest.mark.parametrize("name", ["InRelease", "generation"])
def test_what_was_signed_by_another_is_told(name: str, archive: Ours) -> None:
    directory = archive.public / "dists/bookworm"
    path = directory / "InRelease" if name == "InRelease" else next(directory.glob("generations/*/InRelease"))
    path.write_bytes(path.read_bytes().replace(b"Origin: Small", b"Origin: Smell"))
    rules = archive.rules()
    assert rules - {"release-differs"} == {"not-signed" if name == "InRelease" else "generation-unsigned"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"<html>\n" + text,
        lambda text: text + b"more\n",
        lambda text: text + text,
        lambda text: text[:-30],
    ],
    ids=["before", "after", "two", "cut off"],
)
def test_inrelease_is_one_message_and_nothing_else(spoil: Callable[[bytes], bytes], archive: Ours) -> None:
    path = archive.public / "dists/bookworm/InRelease"
    path.write_bytes(spoil(path.read_bytes()))
    assert archive.rules() - {"release-differs"} == {"clear-signed-form"}


def test_repair_writes_anew_what_is_derived_and_nothing_else(archive: Ours) -> None:
    whole = published(archive)
    fixed = tree_of_fixed(archive)
    archive.by_hash("Packages.xz").unlink()
    archive.by_hash("Packages.gz").write_bytes(b"damaged")
    (archive.public / INDEX / "Packages.xz").unlink()
    for name in ("Release", "Release.gpg"):
        (archive.public / "dists/bookworm" / name).write_bytes(b"old")
    status, report = archive.report("--repair")
    assert (status, report["findings"]) == (0, [])
    assert len(report["repaired"]) == 3
    assert tree_of_fixed(archive) == fixed
    assert published(archive) == whole
    assert archive.report("--repair")[1]["repaired"] == []


def published(archive: Ours) -> dict[str, tuple[object, ...]]:
    """All that is served."""
    return {name: entry for name, entry in tree(archive.public).items() if not name.startswith(".katpkg")}


def tree_of_fixed(archive: Ours) -> dict[str, tuple[object, ...]]:
    """What no repair may touch, with the times of writing."""
    everything = tree(archive.public, times=True)
    return {name: entry for name, entry in everything.items() if name.startswith("pool") or "InRelease" in name}


def test_what_is_lost_is_not_made_up(archive: Ours) -> None:
    for path in (archive.public / INDEX).rglob("*"):
        if path.is_file():
            path.unlink()
    done = archive.katpkg("verify", "--repair")
    assert done.returncode == 7
    assert "by-hash-missing" in done.stdout
    assert "cannot be repaired" in done.stderr


def test_an_archive_signed_by_another_is_not_repaired(archive: Ours) -> None:
    path = archive.public / "dists/bookworm/InRelease"
    path.write_bytes(path.read_bytes().replace(b"Origin: Small", b"Origin: Smell"))
    before = tree(archive.public, times=True)
    done = archive.katpkg("verify", "--repair")
    assert done.returncode == 7
    assert "cannot be repaired" in done.stderr
    assert tree(archive.public, times=True) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["https://example.org/", "--repair"], "--repair is for archives of ours"),
        (["public", "--keyring", "archive.asc", "--repair"], "--repair is for archives of ours"),
        (["https://example.org/", "--keyring", "archive.asc"], "give --suite"),
        (["--min-validity", "soon"], "'soon' is no time span"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(words: list[str], message: str, master: Ours) -> None:
    done = master.katpkg("verify", *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_http_from_elsewhere_has_to_be_asked_for(master: Ours) -> None:
    done = master.katpkg("verify", "http://packages.example.org/")
    assert done.returncode == 8
    assert "hint: https://packages.example.org/, or say --insecure-http" in done.stderr
    assert (
        WebStore("http://packages.example.org/a", insecure_http=True).where("b~+c")
        == "http://packages.example.org/a/b~%2Bc"
    )
    with pytest.raises(StoreError, match="no web address"):
        WebStore("ftp://example.org/")


def test_a_keyring_that_is_none_is_told(archive: Ours) -> None:
    (archive.directory / "no-key").write_text("nothing")
    for name, message in (("no-key", "it holds no public key"), ("absent", "the keyring cannot be read")):
        done = archive.katpkg("verify", "--keyring", name)
        assert done.returncode == 6
        assert message in done.stderr


def test_a_campaign_finds_it_whole_and_quickly(master: Ours) -> None:
    key = PublicKey.read(master.directory / "archive.asc")
    witness = OurWitness(GpgVerifier(key))
    now = datetime.now(UTC)
    assert check_whole(LocalStore(master.public), witness, now) == ()
    began = sum(os.times()[:4])
    assert check_whole(LocalStore(master.public), witness, now) == ()
    assert sum(os.times()[:4]) - began < 0.25  # of work, its own and gpgv's: others who are there count for nothing
