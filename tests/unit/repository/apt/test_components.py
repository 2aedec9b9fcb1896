"""Components: each has indexes and a part of the pool of its own, and a package is in one of them."""

from __future__ import annotations

import pytest

from katpkg.errors import RepositoryError
from katpkg.model.names import Component, Selector, SuiteName
from katpkg.repository.apt.changes import Promote, Refresh, Remove, Restore
from katpkg.repository.apt.check.rules import Rule
from tests.archives import STABLE, TESTING, MemoryArchive
from tests.builders import make_suite
from tests.whole import OurWitness, check_whole

CONTRIB = make_suite(component=Component("contrib"))
TESTING_CONTRIB = make_suite(name=SuiteName("bookworm-testing"), component=Component("contrib"))


def indexes(archive: MemoryArchive, component: str) -> dict[str, str]:
    listed = archive.current().release.indexes
    return {path: digest.sha256 for path, digest in listed.items() if path.startswith(f"{component}/")}


def packages(archive: MemoryArchive, component: str) -> list[str]:
    generation = archive.current()
    shelves = [shelf for shelf in generation.shelves() if shelf[0] == component]
    return sorted({str(each.name) for index in generation.indexes(archive.store, shelves) for each in index.stanzas()})


def test_publishing_to_one_component_leaves_the_indexes_of_the_others_as_they_are(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    before = indexes(archive, "main")
    archive.add("kat-b", suite=CONTRIB)
    assert indexes(archive, "main") == before
    assert (packages(archive, "main"), packages(archive, "contrib")) == (["kat-a"], ["kat-b"])
    archive.add("kat-c")
    assert (packages(archive, "main"), packages(archive, "contrib")) == (["kat-a", "kat-c"], ["kat-b"])


def test_the_pool_is_divided_by_component(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    archive.add("kat-b", suite=CONTRIB)
    assert [each.key for each in archive.store.list("pool/")] == [
        "pool/bookworm/contrib/k/kat-b/kat-b_1.0-1~deb12u1_all.deb",
        "pool/bookworm/main/k/kat-a/kat-a_1.0-1~deb12u1_all.deb",
    ]


def test_release_names_every_component_in_an_order_that_does_not_change(archive: MemoryArchive) -> None:
    archive.add("kat-b", suite=CONTRIB)
    assert archive.current().release.components == ("contrib",)
    archive.add("kat-a")
    assert archive.current().release.components == ("main", "contrib")
    assert not archive.add("kat-b", suite=CONTRIB)
    assert not archive.add("kat-a")
    archive.make(Refresh())
    assert archive.current().release.components == ("main", "contrib")


def test_a_version_that_is_in_one_component_is_refused_in_another(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b")
    archive.add("kat-c", suite=CONTRIB)
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.add("kat-a", suite=CONTRIB)
    assert caught.value.message == "kat-a 1.0-1~deb12u1 is published in main and cannot go to contrib as well"
    assert caught.value.where == "dists/bookworm/main/binary-amd64/Packages"
    assert str(caught.value.hint).endswith("katpkg remove bookworm kat-a=1.0-1~deb12u1")
    assert archive.store.objects == before


def test_a_package_moves_with_a_later_version_or_when_it_was_taken_out(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b")
    archive.add("kat-a_1.1", suite=CONTRIB)
    archive.make(Remove(packages=(Selector("kat-b"),)))
    archive.add("kat-b", suite=CONTRIB)
    assert (packages(archive, "main"), packages(archive, "contrib")) == (["kat-a"], ["kat-a", "kat-b"])


def test_a_removal_looks_into_every_component(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    archive.add("kat-a_1.1", suite=CONTRIB)
    archive.make(Remove(packages=(Selector("kat-a"),)))
    assert archive.listed() == []
    assert archive.current().release.components == ("main", "contrib")


def test_a_promotion_keeps_each_package_in_its_component(archive: MemoryArchive) -> None:
    archive.add("kat-a", suite=TESTING)
    archive.add("kat-b", suite=TESTING_CONTRIB)
    archive.make(Promote(source=TESTING), STABLE)
    assert (packages(archive, "main"), packages(archive, "contrib")) == (["kat-a"], ["kat-b"])


def test_a_promotion_into_another_component_is_refused(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    archive.add("kat-a", suite=TESTING_CONTRIB)
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError, match="is published in main and cannot go to contrib"):
        archive.make(Promote(source=TESTING), STABLE)
    assert archive.store.objects == before


def test_a_component_that_came_later_is_no_finding_after_a_rollback_and_stays_for_who_goes_on(
    archive: MemoryArchive,
) -> None:
    archive.add("kat-a")
    archive.add("kat-b", suite=CONTRIB)
    first, second = archive.kept()[0], archive.current().name
    archive.make(Restore(generation=first))
    assert archive.current().release.components == ("main",)
    found = check_whole(archive.store, OurWitness(archive.signer), archive.clock())
    assert {each.rule for each in found} == {Rule.POOL_ORPHANS.id}
    archive.make(Restore(generation=second))
    assert (packages(archive, "main"), packages(archive, "contrib")) == (["kat-a"], ["kat-b"])
    assert check_whole(archive.store, OurWitness(archive.signer), archive.clock()) == ()


def test_one_component_costs_no_look_at_others(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    read: list[str] = []
    archive.store.hook = lambda _count, operation, key: read.append(key) if operation == "read" else None
    archive.add("kat-b")
    archive.store.hook = None
    assert len([key for key in read if "/binary-amd64/" in key and "by-hash" in key]) == 2
