"""Planning a publication: what is added, what is refused, and that nothing is named before it is there."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from katpkg.errors import RepositoryError, SigningError, StoreError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Architecture, Line, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Add
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.release import Release
from katpkg.repository.publication import Commit, Phase, Publication, Replace
from katpkg.store.apply import Outpaced, apply
from tests.builders import make_package, make_suite
from tests.fakes import FakeSigner, MemoryStore, Ticking

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SUITE = make_suite()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def plan(store: MemoryStore, *packages: BinaryPackage, now: datetime = NOW, suite: object = SUITE) -> Publication:
    assert isinstance(suite, type(SUITE))
    repository = AptRepository(suite)
    change = Add(packages=[repository.admit(package) for package in packages])
    return repository.plan(store, change, FakeSigner(), lambda: now)


def publish(store: MemoryStore, *packages: BinaryPackage, now: datetime = NOW, suite: object = SUITE) -> Publication:
    publication = plan(store, *packages, now=now, suite=suite)
    apply(publication, store, Ticking(now), Quiet())
    return publication


def release(store: MemoryStore) -> Release:
    signed = store.objects["dists/bookworm/InRelease"]
    return Release.parse(FakeSigner().verify(signed, "InRelease"), "InRelease")


def names(store: MemoryStore) -> list[str]:
    return [str(stanza.name) for stanza in AptRepository(SUITE).published(store, FakeSigner())]


def test_a_first_publication_has_everything_that_inrelease_names(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    for path, digest in release(store).indexes.items():
        if path.endswith((".gz", ".xz")):
            directory = path.rpartition("/")[0]
            assert store.digest(f"dists/bookworm/{directory}/by-hash/SHA256/{digest.sha256}") == digest
            assert store.digest(f"dists/bookworm/{path}") == digest
    assert "pool/bookworm/main/k/kat-web/kat-web_1.0-1~deb12u1_all.deb" in store.objects


def test_the_plain_index_is_listed_and_stored_nowhere(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    plain = release(store).indexes["main/binary-amd64/Packages"]
    content = gzip.decompress(store.objects["dists/bookworm/main/binary-amd64/Packages.gz"])
    assert len(content) == plain.size
    assert lzma.decompress(store.objects["dists/bookworm/main/binary-amd64/Packages.xz"]) == content
    assert "dists/bookworm/main/binary-amd64/Packages" not in store.objects


def test_nothing_inrelease_names_is_written_after_it(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    commit = store.log.index("dists/bookworm/InRelease")
    earlier, later = store.log[:commit], store.log[commit + 1 :]
    assert [key for key in earlier if "pool/" in key or "by-hash" in key] == earlier
    assert not [key for key in later if "pool/" in key or "by-hash" in key]
    assert [key for key in later if key.endswith(("Release", "Release.gpg", "Packages.gz", "Packages.xz"))] == later


def test_the_phases_come_in_their_order(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    phases = [action.phase for action in plan(store, make_package(tmp_path, "kat-b")).actions]
    assert phases == sorted(phases)
    assert set(phases) == {Phase.POOL, Phase.INDEX, Phase.COMMIT, Phase.COPIES}


def test_publishing_twice_changes_nothing(store: MemoryStore, tmp_path: Path) -> None:
    package = make_package(tmp_path)
    publish(store, package)
    before = dict(store.objects)
    assert not plan(store, package, now=NOW + timedelta(days=1))
    publish(store, package, now=NOW + timedelta(days=1))
    assert store.objects == before


def test_publishing_adds_and_never_takes_away(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    before = set(store.objects)
    publish(store, make_package(tmp_path, "kat-b"))
    assert names(store) == ["kat-a", "kat-b"]
    assert before <= set(store.objects)
    assert not any(isinstance(action, Replace) and "pool/" in action.key for action in plan(store).actions)


def test_stanzas_of_what_is_published_are_copied_byte_for_byte(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    old = gzip.decompress(store.objects["dists/bookworm/main/binary-amd64/Packages.gz"])
    publish(store, make_package(tmp_path, "kat-b"))
    new = gzip.decompress(store.objects["dists/bookworm/main/binary-amd64/Packages.gz"])
    assert new.startswith(old)


def test_packages_for_all_architectures_are_in_every_index(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-all"), make_package(tmp_path, "kat-amd", architecture="amd64"))
    indexes = {
        name: gzip.decompress(store.objects[f"dists/bookworm/main/binary-{name}/Packages.gz"]).decode()
        for name in ("amd64", "arm64")
    }
    assert "Package: kat-all" in indexes["amd64"]
    assert "Package: kat-all" in indexes["arm64"]
    assert "Package: kat-amd" in indexes["amd64"]
    assert "Package: kat-amd" not in indexes["arm64"]


def test_an_architecture_that_joins_later_gets_what_is_for_all(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path), suite=make_suite(architectures=(Architecture("amd64"),)))
    publish(store)
    content = gzip.decompress(store.objects["dists/bookworm/main/binary-arm64/Packages.gz"])
    assert b"Package: kat-web" in content


def test_the_replaced_inrelease_is_kept(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    first = store.objects["dists/bookworm/InRelease"]
    publish(store, make_package(tmp_path, "kat-b"))
    kept = [each.key for each in store.list("dists/bookworm/generations/")]
    assert len(kept) == 1
    assert kept[0].startswith("dists/bookworm/generations/20261124T120000Z-")
    assert store.objects[kept[0]] == first


def test_date_increases_with_every_commit_even_within_a_second(store: MemoryStore, tmp_path: Path) -> None:
    dates = []
    for name in ("kat-a", "kat-b", "kat-c"):
        publish(store, make_package(tmp_path, name))
        dates.append(release(store).date)
    assert all(earlier < later for earlier, later in pairwise(dates))


def test_a_clock_that_is_behind_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    with pytest.raises(RepositoryError) as caught:
        plan(store, make_package(tmp_path, "kat-b"), now=NOW - timedelta(minutes=1))
    assert "the last publication is of 2026-11-24 12:00:00 UTC" in caught.value.message
    assert caught.value.hint == "set this machine's clock"


def test_a_published_version_with_other_bytes_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    before = dict(store.objects)
    with pytest.raises(RepositoryError) as caught:
        plan(store, make_package(tmp_path, content="2"))
    assert caught.value.message == "kat-web 1.0-1~deb12u1 is already published with different contents"
    assert caught.value.where == "pool/bookworm/main/k/kat-web/kat-web_1.0-1~deb12u1_all.deb"
    assert caught.value.hint == "build again: the revision rises by itself; published files never change"
    assert store.objects == before


def test_a_pool_file_with_other_bytes_is_refused_before_the_commit(store: MemoryStore, tmp_path: Path) -> None:
    store.put("pool/bookworm/main/k/kat-web/kat-web_1.0-1~deb12u1_all.deb", b"somebody else's")
    with pytest.raises(StoreError, match="is already published with different contents"):
        publish(store, make_package(tmp_path))
    assert "dists/bookworm/InRelease" not in store.objects


def test_packages_that_differ_by_their_epoch_alone_are_refused(tmp_path: Path) -> None:
    packages = [make_package(tmp_path, version=version, content=version) for version in ("1:1.0-1", "2:1.0-1")]
    with pytest.raises(RepositoryError, match="would have one file in the archive") as caught:
        AptRepository(SUITE).adding(packages)
    assert caught.value.where == "pool/bookworm/main/k/kat-web/kat-web_1.0-1_all.deb"
    assert caught.value.hint == "let them differ in more than the epoch"


def test_of_two_files_of_one_package_none_is_published_unless_they_are_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    ours, same = make_package(tmp_path), make_package(tmp_path / "a")
    other = make_package(tmp_path / "b", content="other")
    AptRepository(SUITE).adding([ours, same])
    with pytest.raises(RepositoryError, match=r"there are two files of kat-web 1\.0-1~deb12u1 with") as caught:
        AptRepository(SUITE).adding([ours, other])
    assert caught.value.hint == "publish one of them"


@pytest.mark.parametrize(
    ("package", "message", "hint"),
    [
        ({"version": "1.0+x-1"}, "has a plus sign in its version", "repack it"),
        ({"version": "1.0~~dev3-1~deb12u1"}, "is a development version", "--channel testing"),
        ({"architecture": "riscv64"}, "is for riscv64, which bookworm does not serve", "archive.architectures"),
    ],
)
def test_what_does_not_belong_here_is_refused(
    package: dict[str, str], message: str, hint: str, store: MemoryStore, tmp_path: Path
) -> None:
    with pytest.raises(RepositoryError) as caught:
        publish(store, make_package(tmp_path, **package))
    assert message in caught.value.message
    assert hint in str(caught.value.hint)
    assert store.objects == {}


def test_a_development_version_may_go_to_testers(store: MemoryStore, tmp_path: Path) -> None:
    testing = make_suite(name=SuiteName("bookworm-testing"))
    publish(store, make_package(tmp_path, version="1.0~~dev3-1~deb12u1"), suite=testing)
    assert b"NotAutomatic: yes" in store.objects["dists/bookworm-testing/InRelease"]


@pytest.mark.parametrize("changed", [replace(SUITE, origin=Line("Other")), replace(SUITE, label=Line("Other"))])
def test_what_clients_refuse_to_see_changed_is_refused(changed: SuiteSpec, store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    with pytest.raises(RepositoryError, match="clients refuse an archive that changes it"):
        plan(store, suite=changed)


def test_a_changed_description_is_published_without_packages(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path))
    publish(store, suite=replace(SUITE, description=Line("New words")), now=NOW + timedelta(hours=1))
    assert release(store).fields["Description"] == "New words"


def test_an_archive_that_somebody_else_signed_is_not_touched(store: MemoryStore, tmp_path: Path) -> None:
    store.put("dists/bookworm/InRelease", b"Origin: evil\n")
    with pytest.raises(SigningError):
        plan(store, make_package(tmp_path))


def test_a_damaged_index_is_told_and_nothing_is_planned_from_it(store: MemoryStore, tmp_path: Path) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    index = release(store).indexes["main/binary-amd64/Packages.gz"]
    key = f"dists/bookworm/main/binary-amd64/by-hash/SHA256/{index.sha256}"
    store.objects[key] = b"garbage"
    with pytest.raises(RepositoryError) as caught:
        plan(store, make_package(tmp_path, "kat-b"))
    assert caught.value.where == key


def test_of_two_publishers_none_loses_a_package(store: MemoryStore, tmp_path: Path) -> None:
    first, second = make_package(tmp_path, "kat-a"), make_package(tmp_path, "kat-b")
    slow = plan(store, first)
    publish(store, second)
    with pytest.raises(Outpaced):
        apply(slow, store, Ticking(NOW), Quiet())
    publish(store, first, now=NOW + timedelta(seconds=2))
    assert names(store) == ["kat-a", "kat-b"]


def test_a_commit_whose_answer_was_lost_is_not_made_twice(store: MemoryStore, tmp_path: Path) -> None:
    package = make_package(tmp_path)
    publish(store, package)
    before = dict(store.objects)
    assert not plan(store, package, now=NOW + timedelta(seconds=2))
    assert store.objects == before


def test_a_slow_publisher_does_not_overwrite_the_copies_of_a_later_one(store: MemoryStore, tmp_path: Path) -> None:
    slow = plan(store, make_package(tmp_path, "kat-a"))
    without_copies = [action for action in slow.actions if not isinstance(action, Replace)]
    apply(replace(slow, actions=without_copies), store, Ticking(NOW), Quiet())
    publish(store, make_package(tmp_path, "kat-b"))
    copies = {key: store.objects[key] for key in store.objects if key.endswith(("Release", "Packages.gz"))}
    late = tuple(action for action in slow.actions if isinstance(action, Commit | Replace))
    with pytest.raises(Outpaced):
        apply(replace(slow, actions=late), store, Ticking(NOW), Quiet())
    assert {key: store.objects[key] for key in copies} == copies


@pytest.mark.parametrize("survived", range(12))
def test_a_publisher_that_dies_anywhere_leaves_the_old_state_or_the_new(
    survived: int, store: MemoryStore, tmp_path: Path
) -> None:
    publish(store, make_package(tmp_path, "kat-a"))
    publication = plan(store, make_package(tmp_path, "kat-b"))
    apply(replace(publication, actions=publication.actions[:survived]), store, Ticking(NOW), Quiet())
    committed = any(isinstance(action, Commit) for action in publication.actions[:survived])
    assert names(store) == (["kat-a", "kat-b"] if committed else ["kat-a"])
    publish(store, make_package(tmp_path, "kat-b"))
    assert names(store) == ["kat-a", "kat-b"]
