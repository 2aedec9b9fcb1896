"""Pruning: what stays in the indexes, what is deleted, and that nothing goes that anybody may still ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from katpkg.errors import KatpkgError, RepositoryError, SigningError
from katpkg.model.names import Codename, Selector, SuiteName
from katpkg.report import Quiet
from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Promote, Refresh
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.publication import Delete, Phase
from katpkg.store.apply import apply
from tests.archives import AT_ONCE, STABLE, TESTING, MemoryArchive, aged, deb, pool, remove
from tests.builders import make_suite

# What stays in the indexes


def test_the_newest_versions_stay_in_the_indexes(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.9", "kat-a_1.10", "kat-a_1.8", "kat-a_1.11", "kat-b_1.0")
    archive.pass_time(days=31)
    archive.prune(STABLE, versions=3)
    assert archive.listed() == ["kat-a_1.9", "kat-a_1.10", "kat-a_1.11", "kat-b_1.0"]


def test_what_is_young_stays_however_many_are_newer(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1")
    archive.pass_time(days=20)
    archive.add("kat-a_1.2")
    archive.pass_time(days=11)
    archive.prune(STABLE, versions=1, days=30)
    assert archive.listed() == ["kat-a_1.2"]
    archive.add("kat-a_1.1~rc1")
    archive.prune(STABLE, versions=1, days=30)
    assert archive.listed() == ["kat-a_1.1~rc1", "kat-a_1.2"]


def test_what_is_pinned_stays_whatever_its_age(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1", "kat-a_1.2", "kat-b_1.0", "kat-b_1.1")
    archive.pass_time(days=99)
    archive.prune(STABLE, versions=1, pinned=(Selector("kat-a=1.0-*"), Selector("kat-b")))
    assert archive.listed() == ["kat-a_1.0", "kat-a_1.2", "kat-b_1.0", "kat-b_1.1"]


def test_a_version_leaves_all_architectures_or_none(archive: MemoryArchive) -> None:
    """One that is built late still needs the version of its siblings."""
    archive.add("kat-a_1.0", "kat-a_1.1", architecture="amd64")
    archive.add("kat-a_1.0", architecture="arm64")
    archive.pass_time(days=99)
    archive.prune(STABLE, versions=1)
    assert archive.listed() == ["kat-a_1.0", "kat-a_1.0", "kat-a_1.1"]
    archive.add("kat-a_1.1", architecture="arm64")
    archive.pass_time(days=99)
    archive.prune(STABLE, versions=1)
    assert archive.listed() == ["kat-a_1.1", "kat-a_1.1"]


def test_the_suites_that_nobody_prunes_keep_all_their_versions(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1", suite=TESTING)
    archive.make(Promote(source=TESTING))
    archive.pass_time(days=99)
    archive.prune(STABLE, versions=1, **AT_ONCE)
    assert archive.listed() == ["kat-a_1.1"]
    assert archive.listed(TESTING) == ["kat-a_1.0", "kat-a_1.1"]
    archive.assert_whole()


def test_pruning_twice_changes_nothing(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1", "kat-a_1.2")
    archive.pass_time(days=99)
    archive.prune(STABLE, versions=1)
    before = dict(archive.store.objects)
    archive.prune(STABLE, versions=1)
    assert archive.store.objects == before


# What is deleted, and when


def test_the_file_of_an_old_version_goes_a_week_after_the_last_generation_that_names_it(
    archive: MemoryArchive,
) -> None:
    """A client that asked for the lists in time can install from them for so long."""
    archive.add("kat-a_1.0", "kat-a_1.1")
    name = archive.current().name
    archive.pass_time(days=31)
    assert archive.prune(STABLE, versions=1, generations=2) == []
    for _ in range(2):
        archive.pass_time(days=3)
        archive.make(Refresh())
    assert name in archive.prune(generations=2)
    for _ in range(6):
        archive.pass_time(days=1)
        assert deb("kat-a") not in archive.prune(generations=2)
    archive.pass_time(days=1)
    assert archive.prune(generations=2) == [deb("kat-a")]
    assert pool(archive) == [deb("kat-a", "1.1")]
    archive.assert_whole()


def test_what_a_generation_named_that_nobody_can_read_any_more_goes_by_its_age(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    archive.make(remove("kat-a"))
    archive.store.objects[layout.generation(STABLE.name, archive.kept()[0])] = b"Origin: evil\n"
    archive.pass_time(days=20)
    assert deb("kat-a") in archive.prune(**AT_ONCE)


def test_what_an_interrupted_publication_left_goes_after_its_time(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    by_hash = f"dists/bookworm/main/binary-amd64/by-hash/SHA256/{'0' * 64}"
    archive.store.put("pool/bookworm/main/k/kat-b/kat-b_1_all.deb", b"nobody knows me")
    archive.store.put(by_hash, b"nor me")
    archive.store.put("dists/bookworm/main/binary-amd64/Packages.diff/2026-01-01-1200.00-01234567.gz", b"nor me")
    archive.pass_time(hours=47)
    assert archive.prune() == []
    archive.pass_time(hours=2)
    assert archive.prune() == ["0" * 64, "2026-01-01-1200.00-01234567.gz"]
    archive.pass_time(days=4)
    assert archive.prune() == []
    archive.pass_time(days=2)
    assert archive.prune() == ["kat-b_1_all.deb"]


def test_generations_stay_by_their_number(archive: MemoryArchive) -> None:
    for number in range(6):
        archive.add(f"kat-a_1.{number}")
        archive.pass_time(days=3)
    names = archive.kept()
    assert set(names[:3]) <= set(archive.prune(generations=2))
    assert archive.kept() == names[3:]


def test_a_generation_stays_as_long_as_clients_may_be_reading_it_however_old_it_is(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    archive.pass_time(days=60)
    for number in range(1, 4):
        archive.add(f"kat-a_1.{number}")
    archive.pass_time(hours=47)
    assert archive.prune(generations=1) == []
    archive.pass_time(hours=2)
    archive.prune(generations=1)
    assert len(archive.kept()) == 1
    archive.assert_whole()


def test_a_generation_whose_copy_lay_there_long_before_it_was_replaced_stays(archive: MemoryArchive) -> None:
    """A publisher that died before its commit had made the copy."""
    archive.add("kat-a_1.0")
    current = archive.current()
    archive.store.put(layout.generation(STABLE.name, current.name), current.inrelease)
    archive.pass_time(days=20)
    archive.add("kat-a_1.1")
    archive.pass_time(hours=1)
    assert archive.prune(generations=0) == []
    assert archive.kept() == [current.name]


def test_a_generation_stays_however_long_the_publication_that_replaced_it_took(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    before = archive.current().name
    slow = archive.publisher().plan(AptRepository(STABLE).adding([archive.package("kat-a_1.1")]))
    archive.pass_time(hours=50)  # its files are large
    apply(slow, archive.store, archive.clock, Quiet())
    archive.pass_time(hours=1)
    assert archive.prune(generations=0) == []
    assert archive.kept() == [before]


def test_patches_stay_while_a_generation_lists_them_and_go_with_it(archive: MemoryArchive) -> None:
    archive.add(*[f"kat-{number:04}" for number in range(2500)])
    for number in range(3):
        archive.pass_time(days=3)
        archive.add(f"zzz-{number}")
    patches = patches_of(archive)
    assert len(patches) == 6
    first = archive.kept()[0]
    assert not any(".diff/" in key for key in archive.prune(**AT_ONCE))
    assert patches_of(archive) == patches
    assert archive.kept() == []
    archive.make(remove("kat-*"))
    archive.add("zzz-9")
    archive.pass_time(days=3)
    archive.prune(**AT_ONCE)
    assert patches_of(archive) == set()
    assert first not in archive.kept()
    archive.assert_whole()


def patches_of(archive: MemoryArchive) -> set[str]:
    return {key for key in archive.store.objects if ".diff/2" in key}


def test_a_channel_that_no_definition_knows_keeps_what_it_names(archive: MemoryArchive) -> None:
    forgotten = make_suite(name=SuiteName("bookworm-nightly"))
    archive.add("kat-a", suite=forgotten)
    archive.add("kat-b", suite=make_suite(name=SuiteName("sid"), codename=Codename("sid")))
    archive.add("kat-c")
    archive.pass_time(days=400)
    assert archive.prune(STABLE, versions=1, **AT_ONCE) == []
    archive.assert_whole()


def test_what_is_not_ours_is_left_alone(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    others = [
        "index.html",
        "pool/bookworm/main/k/kat-a/kat-a_1.0-1.dsc",
        "pool/README",
        "dists/bookworm/main/binary-amd64/Release",
        "dists/bookworm/main/source/Sources.gz",
        "dists/bookworm/generations/notes.txt",
        "dists/README",
        "rpm/el9/x.rpm",
    ]
    for key in others:
        archive.store.put(key, b"not ours")
    archive.pass_time(days=400)
    assert archive.prune(STABLE, **AT_ONCE) == []
    assert set(others) <= set(archive.store.objects)


def test_generations_go_first_and_packages_last(archive: MemoryArchive) -> None:
    aged(archive)
    (publication,) = archive.pruner(**AT_ONCE).plan()
    phases = [action.phase for action in publication.actions]
    assert phases == sorted(phases)
    assert set(phases) == {Phase.KEEP, Phase.FORGET, Phase.UNLIST, Phase.PRUNE}
    gone = [action.key for action in publication.actions if isinstance(action, Delete)]
    freed = sum(len(archive.store.objects[key]) for key in gone)
    assert publication.title == f"{len(gone)} files that nothing names, {freed} bytes"


def test_a_plan_says_what_would_go_and_leaves_everything(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1")
    archive.pass_time(days=1)
    archive.make(remove("kat-a=1.1-*"))
    archive.add("kat-a_1.2")
    archive.pass_time(days=40)
    before = dict(archive.store.objects)
    planned = archive.pruner(STABLE, versions=1, generations=0).plan()
    assert planned[0].title == "bookworm: without kat-a 1.0-1~deb12u1"
    assert archive.store.objects == before
    deleted = {action.key for action in planned[-1].actions if isinstance(action, Delete)}
    archive.pruner(STABLE, versions=1, generations=0).prune()
    assert deleted
    assert deleted == set(before) - set(archive.store.objects)


# What stops it


def spoil_current(archive: MemoryArchive) -> None:
    archive.store.put("dists/bookworm-testing/InRelease", b"Origin: evil\n")


def spoil_generation(archive: MemoryArchive) -> None:
    archive.store.put(layout.generation(STABLE.name, archive.kept()[-1]), b"Origin: evil\n")


def lose_current(archive: MemoryArchive) -> None:
    archive.store.delete("dists/bookworm/InRelease")


def lose_index(archive: MemoryArchive) -> None:
    digest = archive.current().release.indexes["main/binary-amd64/Packages.gz"]
    archive.store.delete(layout.by_hash(STABLE.name, "main/binary-amd64/Packages.gz", digest.sha256))


def lose_old_index(archive: MemoryArchive) -> None:
    for listed in [*archive.store.list("dists/bookworm/main/binary-amd64/by-hash/")]:
        digests = {digest.sha256 for digest in archive.current().release.indexes.values()}
        if listed.key.rpartition("/")[2] not in digests:
            archive.store.delete(listed.key)


def add_foreign_suite(archive: MemoryArchive) -> None:
    archive.store.put("dists/stable/updates/InRelease", b"somebody's")


def add_suite_without_inrelease(archive: MemoryArchive) -> None:
    archive.store.put("dists/old/Release", b"somebody's")


@pytest.mark.parametrize(
    ("happened", "kind", "message", "where"),
    [
        (spoil_current, SigningError, "it is not signed", "dists/bookworm-testing/InRelease"),
        (spoil_generation, SigningError, "it is not signed", "dists/bookworm/generations/"),
        (lose_current, RepositoryError, "nobody knows what a suite names that has no InRelease", "dists/bookworm/"),
        (lose_index, RepositoryError, "an index that InRelease names is missing", "dists/bookworm/main/"),
        (lose_old_index, RepositoryError, "is not whole: nothing is deleted", "dists/bookworm/generations/"),
        (add_foreign_suite, RepositoryError, "'stable/updates' is no suite name", "dists/stable/updates/InRelease"),
        (add_suite_without_inrelease, RepositoryError, "nobody knows what a suite names", "dists/old/InRelease"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_when_it_cannot_be_known_what_is_named_nothing_is_deleted(
    happened: Callable[[MemoryArchive], None], kind: type[KatpkgError], message: str, where: str, archive: MemoryArchive
) -> None:
    archive.add("kat-t", suite=TESTING)
    archive.add("kat-a_1.0")
    archive.pass_time(days=20)
    archive.add("kat-a_1.1")
    archive.store.put("pool/bookworm/main/k/kat-b/kat-b_1_all.deb", b"waste")
    archive.pass_time(days=20)
    happened(archive)
    before = dict(archive.store.objects)
    with pytest.raises(kind) as caught:
        archive.prune()
    assert message in caught.value.message
    assert str(caught.value.where).startswith(where)
    assert archive.store.objects == before
