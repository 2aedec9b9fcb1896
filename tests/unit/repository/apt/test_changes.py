"""What can be done to a suite besides adding: taking out, going back, taking over from testers, saying it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from katpkg.errors import RepositoryError, StoreError
from katpkg.model.names import Architecture, Codename, Selector, SuiteName
from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Add, Change, Optimize, Promote, Refresh, Restore
from katpkg.repository.publication import Create, Phase, Rely
from katpkg.store.apply import Outpaced, apply
from tests.archives import STABLE, TESTING, MemoryArchive, remove
from tests.builders import AMD64, make_suite

ARM64 = Architecture("arm64")
TRIXIE = make_suite(name=SuiteName("trixie"), codename=Codename("trixie"))


def promote(*words: str) -> Promote:
    return Promote(source=TESTING, packages=tuple(map(Selector, words)))


# Remove


def test_a_removed_package_is_in_no_index_and_its_file_stays(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b")
    archive.make(remove("kat-a"))
    assert archive.listed() == ["kat-b_1.0"]
    assert "pool/bookworm/main/k/kat-a/kat-a_1.0-1~deb12u1_all.deb" in archive.store.objects


def test_one_version_can_be_removed_and_the_others_stay(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1", "kat-a_1.2")
    archive.make(remove("kat-a=1.1-1~deb12u1"))
    assert archive.listed() == ["kat-a_1.0", "kat-a_1.2"]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["kat-*"], ["other_1.0"]),
        (["kat-a=1.*"], ["kat-a_2.0", "kat-b_1.0", "other_1.0"]),
        (["*=1.0-1~deb12u1"], ["kat-a_2.0"]),
        (["kat-[ab]=1.0*", "other"], ["kat-a_2.0"]),
        (["kat-?"], ["other_1.0"]),
    ],
)
def test_patterns_mean_what_they_mean_in_a_shell(words: list[str], left: list[str], archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_2.0", "kat-b_1.0", "other_1.0")
    archive.make(remove(*words))
    assert archive.listed() == left


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("kat-wbe", "did you mean kat-web?"),
        ("kat-web=9-1", "it has 1.0-1~deb12u1, 1.1-1~deb12u1"),
        ("zzz*", "katpkg history bookworm --changes"),
    ],
)
def test_what_is_not_there_cannot_be_removed_and_the_rest_stays(word: str, hint: str, archive: MemoryArchive) -> None:
    archive.add("kat-web_1.0", "kat-web_1.1", "kat-b")
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.make(remove("kat-b", word))
    assert caught.value.message == f"{word} is not published in bookworm"
    assert caught.value.hint == hint
    assert caught.value.where == "dists/bookworm/InRelease"
    assert archive.store.objects == before


def test_from_a_suite_without_inrelease_nothing_can_be_removed(archive: MemoryArchive) -> None:
    with pytest.raises(RepositoryError, match="kat-a is not published in bookworm"):
        archive.make(remove("kat-a"))
    assert archive.store.objects == {}


def test_what_somebody_else_adds_meanwhile_is_not_lost_by_a_removal(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    slow = archive.publisher().plan(remove("kat-a"))
    archive.add("kat-b")
    with pytest.raises(Outpaced):
        apply(slow, archive.store, archive.clock, archive.publisher().reporter)
    archive.make(remove("kat-a"))
    assert archive.listed() == ["kat-b_1.0"]


# Restore


def test_a_rollback_publishes_the_earlier_state_under_a_later_date(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current()
    archive.add("kat-a_1.1")
    archive.make(Restore(generation=first.name))
    assert archive.listed() == ["kat-a_1.0"]
    now = archive.current()
    assert now.release.indexes == first.release.indexes
    assert now.release.date > first.release.date + timedelta(minutes=1)
    assert len(archive.kept()) == 2


def test_a_rollback_writes_no_package_and_no_index_but_makes_sure_of_them(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-b_1.0")
    first = archive.current()
    archive.make(remove("kat-b"))
    publication = archive.publisher().plan(Restore(generation=first.name))
    created = [action.key for action in publication.actions if isinstance(action, Create)]
    assert created == [layout.generation(STABLE.name, archive.current().name)]
    relied = {action.key for action in publication.actions if isinstance(action, Rely) and action.phase is Phase.POOL}
    assert relied == {"pool/bookworm/main/k/kat-b/kat-b_1.0-1~deb12u1_all.deb"}


def test_rolling_back_twice_changes_nothing(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current().name
    archive.add("kat-a_1.1")
    archive.make(Restore(generation=first))
    before = dict(archive.store.objects)
    assert not archive.make(Restore(generation=first))
    assert archive.store.objects == before


def test_a_rollback_can_be_rolled_back(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current().name
    archive.add("kat-a_1.1")
    second = archive.current().name
    archive.make(Restore(generation=first))
    archive.make(Restore(generation=second))
    assert archive.listed() == ["kat-a_1.0", "kat-a_1.1"]


def test_the_copies_follow_a_rollback(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current().name
    key = "dists/bookworm/main/binary-amd64/Packages.xz"
    copy = archive.store.objects[key]
    archive.add("kat-a_1.1")
    archive.make(Restore(generation=first))
    assert archive.store.objects[key] == copy


def test_a_generation_that_is_not_there_is_told_and_nothing_changes(archive: MemoryArchive) -> None:
    archive.add("kat-a")
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.make(Restore(generation="20200101T000000Z-0123456789abcdef"))
    assert caught.value.message == "there is no generation 20200101T000000Z-0123456789abcdef of bookworm"
    assert caught.value.hint == "katpkg history bookworm"
    assert archive.store.objects == before


@pytest.mark.parametrize(("lost", "kind"), [("by-hash", RepositoryError), ("pool/", StoreError)])
def test_a_generation_that_is_not_whole_is_not_published_again(
    lost: str, kind: type[Exception], archive: MemoryArchive
) -> None:
    archive.add("kat-a")
    first = archive.current().name
    archive.make(remove("kat-a"))
    archive.add("kat-b")
    for key in [key for key in archive.store.objects if lost in key and "kat-b" not in key]:
        if lost == "pool/" or key not in named_by_hash(archive):
            archive.store.delete(key)
    before = archive.current().inrelease
    with pytest.raises(kind, match="is missing"):
        archive.make(Restore(generation=first))
    assert archive.current().inrelease == before
    assert archive.listed() == ["kat-b_1.0"]


def named_by_hash(archive: MemoryArchive) -> set[str]:
    """The index files that the current state names."""
    indexes = archive.current().release.indexes
    return {layout.by_hash(STABLE.name, path, digest.sha256) for path, digest in indexes.items()}


def test_an_architecture_that_came_later_has_an_index_after_a_rollback_too(archive: MemoryArchive) -> None:
    only = replace(STABLE, architectures=(AMD64,))
    archive.add("kat-a", suite=only)
    archive.add("kat-b", suite=only, architecture="amd64")
    first = archive.current().name
    archive.add("kat-c", suite=STABLE)
    archive.make(Restore(generation=first))
    assert archive.listed() == ["kat-a_1.0", "kat-b_1.0"]
    (index,) = archive.current().indexes(archive.store, [(STABLE.component, ARM64)])
    assert [stanza.name for stanza in index.stanzas()] == ["kat-a"]


def test_a_slow_rollback_does_not_overwrite_the_copies_of_a_later_publication(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current().name
    archive.add("kat-a_1.1")
    slow = archive.publisher().plan(Restore(generation=first))
    archive.pass_time(seconds=5)
    commit = [action for action in slow.actions if action.phase < Phase.COPIES]
    apply(replace(slow, actions=commit), archive.store, archive.clock, archive.publisher().reporter)
    archive.add("kat-a_1.2")
    copies = dict(archive.store.objects)
    late = [action for action in slow.actions if action.phase is Phase.COPIES and "Packages" in action.key]
    assert not apply(replace(slow, actions=late), archive.store, archive.clock, archive.publisher().reporter)
    assert archive.store.objects == copies


def test_a_suite_whose_inrelease_was_lost_comes_back_from_a_generation(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    archive.add("kat-a_1.1")
    (first,) = archive.kept()
    archive.store.delete("dists/bookworm/InRelease")
    archive.make(Restore(generation=first))
    assert archive.listed() == ["kat-a_1.0"]


def test_nothing_is_published_over_a_suite_whose_inrelease_was_lost(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b")
    archive.add("kat-t", suite=TESTING)
    archive.store.delete("dists/bookworm/InRelease")
    before = dict(archive.store.objects)
    for publish in (partial(archive.add, "kat-c"), partial(archive.make, promote())):
        with pytest.raises(RepositoryError, match="InRelease is lost") as caught:
            publish()
        assert caught.value.where == "dists/bookworm/InRelease"
        assert "katpkg rollback bookworm GENERATION" in str(caught.value.hint)
    assert archive.store.objects == before


# Promote


def test_what_testers_have_is_published_for_users_from_the_very_same_files(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b", suite=TESTING)
    pool = {key: content for key, content in archive.store.objects.items() if key.startswith("pool/")}
    archive.make(promote())
    assert archive.listed() == ["kat-a_1.0", "kat-b_1.0"]
    assert {key: each for key, each in archive.store.objects.items() if key.startswith("pool/")} == pool
    texts = [[stanza.text for stanza in archive.current(suite).stanzas(archive.store)] for suite in (STABLE, TESTING)]
    assert texts[0] == texts[1]


def test_only_the_packages_that_are_named_are_promoted(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1", "kat-b_1.0", "other_1.0", suite=TESTING)
    archive.make(promote("kat-a=1.1-*", "other"))
    assert archive.listed() == ["kat-a_1.1", "other_1.0"]


def test_development_versions_stay_with_the_testers(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0", "kat-a_1.1~~dev3", suite=TESTING)
    archive.make(promote())
    assert archive.listed() == ["kat-a_1.0"]
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.make(promote("kat-a=1.1~~dev3-1~deb12u1"))
    assert caught.value.message == (
        "kat-a 1.1~~dev3-1~deb12u1 is a development version, and bookworm is what users follow"
    )
    assert caught.value.hint == "publish a release of kat-a to bookworm-testing, and promote that"
    assert archive.store.objects == before


def test_a_name_that_testers_do_not_have_is_told_with_the_nearest(archive: MemoryArchive) -> None:
    archive.add("kat-web", suite=TESTING)
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.make(promote("kat-wbe"))
    assert caught.value.message == "kat-wbe is not published in bookworm-testing"
    assert caught.value.hint == "did you mean kat-web?"
    assert archive.store.objects == before


def test_promoting_twice_changes_nothing(archive: MemoryArchive) -> None:
    archive.add("kat-a", suite=TESTING)
    archive.make(promote())
    assert not archive.make(promote())


def test_packages_are_never_promoted_to_another_release(archive: MemoryArchive) -> None:
    archive.add("kat-a", suite=TESTING)
    before = dict(archive.store.objects)
    with pytest.raises(RepositoryError) as caught:
        archive.make(promote(), TRIXIE)
    assert caught.value.message == (
        "bookworm-testing is for bookworm, and trixie is for trixie: a package of one does not fit the other"
    )
    assert caught.value.hint == "katpkg build --target trixie; katpkg publish --target trixie"
    assert archive.store.objects == before


def test_from_a_channel_that_was_never_published_nothing_is_promoted(archive: MemoryArchive) -> None:
    with pytest.raises(RepositoryError, match="nothing is published in bookworm-testing") as caught:
        archive.make(promote())
    assert caught.value.where == "dists/bookworm-testing/InRelease"
    assert archive.store.objects == {}


def test_a_package_whose_file_is_missing_is_not_promoted(archive: MemoryArchive) -> None:
    archive.add("kat-a", suite=TESTING)
    archive.store.delete("pool/bookworm/main/k/kat-a/kat-a_1.0-1~deb12u1_all.deb")
    with pytest.raises(StoreError, match="a file that is to be published is missing"):
        archive.make(promote())
    assert "dists/bookworm/InRelease" not in archive.store.objects


# Refresh, Optimize


def test_a_refresh_changes_the_dates_and_nothing_else(archive: MemoryArchive) -> None:
    suite = replace(STABLE, valid_for=timedelta(days=10))
    archive.add("kat-a", suite=suite)
    before = archive.current()
    archive.pass_time(days=3)
    archive.make(Refresh(), suite)
    after = archive.current()
    assert after.release.says_the_same(before.release)
    assert after.release.valid_until == archive.clock() + timedelta(days=10)
    assert archive.kept() == [before.name]


@pytest.mark.parametrize("change", [Refresh(), Optimize()])
def test_what_was_never_published_is_not_begun_by_saying_it_again(change: Change, archive: MemoryArchive) -> None:
    assert archive.make(change).title == "bookworm: nothing is published"
    assert archive.store.objects == {}


def test_an_optimized_index_lists_the_same_in_fewer_bytes(archive: MemoryArchive) -> None:
    for number in range(6):
        words = [f"kat-{number}{each:03}" for each in range(0, 400)]
        archive.add(*words)
    before = archive.current()
    listed = archive.listed()
    archive.make(Optimize())
    after = archive.current()
    assert archive.listed() == listed
    for name in ("amd64", "arm64"):
        path = f"main/binary-{name}/Packages"
        assert after.release.indexes[path] == before.release.indexes[path]
        assert after.release.indexes[f"{path}.xz"].size < before.release.indexes[f"{path}.xz"].size


def test_optimizing_twice_changes_nothing(archive: MemoryArchive) -> None:
    archive.add("kat-a", "kat-b")
    archive.make(Optimize())
    before = dict(archive.store.objects)
    assert not archive.make(Optimize())
    assert archive.store.objects == before


def test_dates_increase_whatever_is_done(archive: MemoryArchive) -> None:
    archive.add("kat-a_1.0")
    first = archive.current().name
    dates = [archive.current().release.date]
    archive.add("kat-a_1.1", suite=TESTING)
    for change in (promote(), remove("kat-a=1.0*"), Restore(generation=first), Refresh(), Add(packages=())):
        archive.make(change)
        dates.append(archive.current().release.date)
    assert all(earlier < later for earlier, later in pairwise(dates[:-1]))
    assert dates[-1] == dates[-2]
