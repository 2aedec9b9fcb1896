"""Contents keep in step: whatever is done to a suite, they say what its packages hold, and no package is read twice."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Component, Selector, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt import inventory, layout
from katpkg.repository.apt.changes import Add, Optimize, Promote, Refresh, Restore
from katpkg.repository.apt.check.rules import Level
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.publication import Publication
from tests.archives import MemoryArchive, remove
from tests.builders import AMD64, make_suite
from tests.whole import OurWitness, check_whole

ARM64 = Architecture("arm64")
STABLE = make_suite(contents=True)
TESTING = make_suite(name=SuiteName("bookworm-testing"), contents=True)
WITHOUT = make_suite()


class Archive(MemoryArchive):
    """An archive whose packages hold what a test says, and that notes which of them were read again."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.held: dict[str, tuple[str, ...]] = {}
        self.read: list[str] = []

    def publisher(self, suite: SuiteSpec = STABLE) -> Publisher:
        return Publisher(
            repository=AptRepository(suite, self._members_of),
            store=self.store,
            signer=self.signer,
            clock=self.clock,
            reporter=Quiet(),
        )

    def incoming(self, packages: Mapping[str, str], architecture: str = "all", suite: SuiteSpec = STABLE) -> Add:
        """Packages ``NAME_UPSTREAM`` that hold a few files each."""
        found = []
        for word, paths in packages.items():
            package = self.package(word, architecture)
            held = tuple(f"/{path}" for path in ("usr/", *paths.split()))
            self.held[f"{package.name} {package.version} {package.architecture}"] = held
            found.append(AptRepository(suite).admit(replace(package, members=partial(tuple, held))))
        return Add(packages=found)

    def publish(self, packages: Mapping[str, str], architecture: str = "all", suite: SuiteSpec = STABLE) -> Publication:
        return self.make(self.incoming(packages, architecture, suite), suite)

    def contents(self, architecture: str = "amd64", suite: SuiteSpec = STABLE, component: str = "main") -> list[str]:
        """What Release says the Contents are, by digest; the copy by name is the same."""
        path, indexes = f"{component}/Contents-{architecture}", self.current(suite).release.indexes
        gz = self.store.objects[layout.by_hash(suite.name, f"{path}.gz", indexes[f"{path}.gz"].sha256)]
        assert Digest.of(gz) == indexes[f"{path}.gz"]
        assert self.store.objects[layout.dists(suite.name, f"{path}.gz")] == gz
        plain = gzip.decompress(gz)
        assert Digest.of(plain) == indexes[path]
        assert layout.dists(suite.name, path) not in self.store.objects
        return plain.decode().splitlines()

    def listed_files(self, suite: SuiteSpec = STABLE) -> list[str]:
        return [path for path in self.current(suite).release.indexes if "Contents" in path]

    def _members_of(self, stanza: Stanza) -> tuple[str, ...]:
        self.read.append(str(stanza))
        return self.held[f"{stanza} {stanza.architecture}"]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path)
    yield archive
    found = check_whole(archive.store, OurWitness(archive.signer), archive.clock())
    assert not [each for each in found if each.level is not Level.NOTE]


def test_a_suite_has_no_contents_unless_it_is_asked_for_them(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, suite=WITHOUT)
    assert archive.listed_files() == []
    assert not [key for key in archive.store.objects if "Contents" in key]
    assert archive.read == []


def test_what_is_published_is_listed_for_the_architectures_that_can_install_it(archive: Archive) -> None:
    archive.publish({"kat-all": "usr/all usr/both"})
    archive.publish({"kat-amd": "usr/amd usr/both"}, "amd64")
    assert archive.contents("amd64") == ["usr/all kat-all", "usr/amd kat-amd", "usr/both kat-all,kat-amd"]
    assert archive.contents("arm64") == ["usr/all kat-all", "usr/both kat-all"]
    assert archive.read == []


def test_publishing_the_same_again_changes_nothing_and_reads_nothing(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    before = dict(archive.store.objects)
    assert not archive.publish({"kat-a": "usr/a"})
    assert archive.store.objects == before
    assert archive.read == []


def test_a_package_of_one_architecture_leaves_the_contents_of_the_others_alone(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    written = archive.publish({"kat-b": "usr/b"}, "amd64").actions
    assert {each.key.split("/by-hash")[0] for each in written if "main/" in each.key and "binary" not in each.key} == {
        "dists/bookworm/main",
        "dists/bookworm/main/Contents-amd64.gz",
        "pool/bookworm/main/k/kat-b/kat-b_1.0-1~deb12u1_amd64.deb",
    }


def test_lines_go_with_the_last_version_and_no_sooner(archive: Archive) -> None:
    archive.publish({"kat-a_1.0": "usr/old usr/a", "kat-a_1.1": "usr/new usr/a", "kat-b": "usr/a"})
    archive.make(remove("kat-a=1.0-1~deb12u1"), STABLE)
    assert archive.contents() == ["usr/a kat-a,kat-b", "usr/new kat-a", "usr/old kat-a"]
    archive.make(remove("kat-a"), STABLE)
    assert archive.contents() == archive.contents("arm64") == ["usr/a kat-b"]
    archive.make(remove("kat-b"), STABLE)
    assert archive.contents() == []
    assert archive.read == []


def test_a_name_that_begins_or_ends_like_the_removed_one_stays(archive: Archive) -> None:
    archive.publish({"kat": "usr/x usr/kat", "my-kat": "usr/x", "kat-web": "usr/x"})
    archive.make(remove("kat"), STABLE)
    assert archive.contents() == ["usr/x kat-web,my-kat"]


def test_a_removed_architecture_of_a_package_leaves_the_other(archive: Archive) -> None:
    archive.publish({"kat-a_1.0": "usr/a"}, "amd64")
    archive.publish({"kat-a_1.1": "usr/a"}, "arm64")
    archive.make(remove("kat-a=1.0*"), STABLE)
    assert archive.contents("amd64") == []
    assert archive.contents("arm64") == ["usr/a kat-a"]


def test_a_promotion_brings_lines_along_and_reads_no_package(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    archive.publish({"kat-b": "usr/a usr/b", "kat-c": "usr/c"}, suite=TESTING)
    archive.make(Promote(source=TESTING, packages=(Selector("kat-b"),)), STABLE)
    assert archive.contents() == archive.contents("arm64") == ["usr/a kat-a,kat-b", "usr/b kat-b"]
    assert archive.read == []


def test_a_promotion_from_a_suite_without_contents_reads_what_it_promotes_and_no_more(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    archive.publish({"kat-b": "usr/b", "kat-c": "usr/c"}, "amd64", suite=replace(TESTING, contents=False))
    archive.make(Promote(source=TESTING, packages=(Selector("kat-b"),)), STABLE)
    assert archive.contents() == ["usr/a kat-a", "usr/b kat-b"]
    assert archive.read == ["kat-b 1.0-1~deb12u1"]


def test_a_first_promotion_makes_contents_and_lends_only_what_is_promoted(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, "amd64", suite=WITHOUT)
    archive.publish({"kat-b": "usr/b", "kat-a": "usr/a"}, "amd64", suite=TESTING)
    archive.make(Promote(source=TESTING, packages=(Selector("kat-b"),)), STABLE)
    assert archive.contents() == ["usr/a kat-a", "usr/b kat-b"]
    assert archive.read == ["kat-a 1.0-1~deb12u1"]


def test_a_rollback_brings_the_contents_of_that_generation_back(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    before = archive.contents()
    archive.publish({"kat-b": "usr/b"})
    (first,) = archive.kept()
    archive.make(Restore(generation=first), STABLE)
    assert archive.contents() == before == ["usr/a kat-a"]
    archive.publish({"kat-c": "usr/c"})
    assert archive.contents() == ["usr/a kat-a", "usr/c kat-c"]
    assert archive.read == []


def test_a_rollback_to_before_there_were_contents_makes_them(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, "amd64", suite=WITHOUT)
    archive.publish({"kat-b": "usr/b"})
    archive.read.clear()
    archive.make(Restore(generation=archive.kept()[0]), STABLE)
    assert archive.contents("amd64") == ["usr/a kat-a"]
    assert archive.contents("arm64") == []
    assert archive.read == ["kat-a 1.0-1~deb12u1"]


def test_a_rollback_to_before_an_architecture_joined_makes_its_contents(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, suite=replace(STABLE, architectures=(AMD64,)))
    archive.publish({"kat-b": "usr/b"})
    archive.make(Restore(generation=archive.kept()[0]), STABLE)
    assert archive.contents("amd64") == archive.contents("arm64") == ["usr/a kat-a"]


def test_turned_on_later_they_are_made_once_from_the_pool(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a", "kat-b": "usr/b"}, "amd64", suite=WITHOUT)
    archive.publish({"kat-c": "usr/c"}, "amd64")
    assert archive.contents() == ["usr/a kat-a", "usr/b kat-b", "usr/c kat-c"]
    assert archive.read == ["kat-a 1.0-1~deb12u1", "kat-b 1.0-1~deb12u1"]
    archive.publish({"kat-d": "usr/d"}, "amd64")
    assert len(archive.contents()) == 4
    assert len(archive.read) == 2


def test_turning_them_on_or_off_needs_no_package(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, suite=WITHOUT)
    archive.make(Refresh(), STABLE)
    assert archive.contents() == ["usr/a kat-a"]
    archive.publish({}, suite=WITHOUT)
    assert archive.listed_files() == []
    assert archive.listed() == ["kat-a_1.0"]


def test_turned_off_and_on_again_they_have_what_was_published_meanwhile(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, "amd64")
    archive.publish({"kat-b": "usr/b"}, "amd64", suite=WITHOUT)
    archive.publish({"kat-c": "usr/c"}, "amd64")
    assert archive.contents() == ["usr/a kat-a", "usr/b kat-b", "usr/c kat-c"]


def test_turned_off_and_on_again_they_replace_the_copies_of_before_and_nothing_twice(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    archive.publish({"kat-b": "usr/b"}, suite=WITHOUT)
    archive.store.log.clear()
    archive.publish({"kat-c": "usr/c"})
    assert len(archive.store.log) == len({*archive.store.log})
    assert archive.contents("amd64") == archive.contents("arm64") == ["usr/a kat-a", "usr/b kat-b", "usr/c kat-c"]


def test_a_rollback_where_they_are_turned_off_leaves_them_alone(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    archive.publish({"kat-b": "usr/b"}, suite=WITHOUT)
    archive.store.log.clear()
    archive.make(Restore(generation=archive.kept()[0]), WITHOUT)
    assert archive.listed_files() == []
    assert not [key for key in archive.store.log if "Contents" in key]


def test_turned_off_their_copies_go_when_no_generation_lists_them_any_more(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    archive.publish({"kat-b": "usr/b"}, suite=WITHOUT)
    archive.pass_time(days=3)
    assert "Contents-amd64.gz" not in archive.prune(generations=1, generation_hours=0)
    assert {"Contents-amd64.gz", "Contents-arm64.gz"} < {*archive.prune(generations=0, generation_hours=0)}
    assert not [key for key in archive.store.objects if "Contents" in key]


def test_an_optimized_suite_keeps_its_contents(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    before = archive.contents()
    archive.make(Optimize(), STABLE)
    assert archive.contents() == before


def test_each_component_has_contents_of_its_own(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"})
    contrib = make_suite(contents=True, component=Component("contrib"))
    archive.publish({"kat-b": "usr/b"}, suite=contrib)
    assert archive.contents() == ["usr/a kat-a"]
    assert archive.contents(component="contrib") == ["usr/b kat-b"]


def test_many_lines_are_added_in_several_passes_to_the_same_end(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "MOST", 3)
    held = {f"kat-{name}": " ".join(f"usr/{name}{number}" for number in range(4)) for name in "abc"}
    archive.publish(held)
    assert archive.contents() == [f"usr/{name}{number} kat-{name}" for name in "abc" for number in range(4)]


def test_the_contents_of_a_kept_generation_are_not_pruned_and_those_of_no_generation_are(archive: Archive) -> None:
    for number in range(3):
        archive.publish({f"kat-{number}": f"usr/{number}"}, suite=STABLE)
    archive.pass_time(days=30)
    archive.publish({"kat-x": "usr/x"})
    archive.prune(generations=1, generation_hours=0)
    kept = [key for key in archive.store.objects if "/main/by-hash/" in key and "binary" not in key]
    assert len(kept) == 2
    archive.make(Restore(generation=archive.kept()[-1]), STABLE)
    assert len(archive.contents()) == 3


def test_without_a_way_to_the_pool_nothing_is_published_with_half_of_the_contents(archive: Archive) -> None:
    archive.publish({"kat-a": "usr/a"}, suite=WITHOUT)
    before = dict(archive.store.objects)
    repository = AptRepository(STABLE)
    with pytest.raises(RepositoryError, match="nobody can tell here what kat-a") as caught:
        repository.plan(archive.store, Refresh(), archive.signer, archive.clock)
    assert caught.value.hint == "set publish.contents to false"
    assert archive.store.objects == before
