"""Others at work between any two steps of a publisher, in memory: every schedule, and the same ones each time.

Whoever is slow and whoever is quick: all that is acknowledged is published, once, and the copies are the newest's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.pipeline import commit
from katpkg.repository.apt.changes import Refresh, Restore
from tests.fault.schedules import Archive, at_every_step, between
from tests.fault.watched import Watch

AT_ONCE = {"generations": 1, "generation_hours": 0, "days": 0, "versions": 1}
"""Prune as much as can be."""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "LULL", 0.0)


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[], Archive]:
    """A new archive that has kat-old."""

    def begin() -> Archive:
        archive = Archive(tmp_path)
        archive.add("kat-old")
        return archive

    return begin


def test_a_publisher_whom_another_overtakes_at_any_step_loses_nothing(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        went = between(archive, number, archive.adding("kat-a"), lambda: archive.add("kat-b"))
        assert archive.listed() == ["kat-a_1.0", *["kat-b_1.0"] * went, "kat-old_1.0"]
        return went

    assert at_every_step(begin, do) > 10


def test_a_publisher_whom_two_others_overtake_at_any_two_steps_loses_nothing(begin: Callable[[], Archive]) -> None:
    for gap in range(1, 12):

        def do(archive: Archive, number: int, gap: int = gap) -> bool:
            todo = {number: "kat-b", number + gap: "kat-c"}

            def before(now: int, _: str) -> None:
                if now in todo:
                    archive.add(todo.pop(now))

            watch = Watch(before=before)
            archive.make_watched(archive.adding("kat-a"), watch)
            expected = {"kat-a", "kat-old", "kat-b", "kat-c"} - set(todo.values())
            assert {each.partition("_")[0] for each in archive.listed()} == expected
            return not todo

        assert at_every_step(begin, do) > 4


def test_of_two_first_publications_both_land_whoever_is_slow(tmp_path: Path) -> None:
    def do(archive: Archive, number: int) -> bool:
        went = between(archive, number, archive.adding("kat-a"), lambda: archive.add("kat-b"))
        assert archive.listed() == ["kat-a_1.0", *["kat-b_1.0"] * went]
        return went

    assert at_every_step(lambda: Archive(tmp_path), do) > 8


@pytest.mark.parametrize("is_refresh_slow", [False, True])
def test_a_refresh_and_a_publication_both_happen_whoever_is_slow(
    begin: Callable[[], Archive], *, is_refresh_slow: bool
) -> None:
    def do(archive: Archive, number: int) -> bool:
        publication, refresh = archive.adding("kat-a"), Refresh()
        slow, quick = (refresh, publication) if is_refresh_slow else (publication, refresh)
        went = between(archive, number, slow, lambda: archive.make(quick))
        assert archive.listed() == [*["kat-a_1.0"] * (went or not is_refresh_slow), "kat-old_1.0"]
        return went

    assert at_every_step(begin, do) > 5


def test_a_rollback_beside_a_publication_takes_back_only_what_it_saw(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        archive.add("kat-b")
        restore = Restore(generation=archive.kept()[0])
        went = between(archive, number, restore, lambda: archive.add("kat-a"))
        assert "kat-b_1.0" not in archive.listed()
        return went

    assert at_every_step(begin, do) > 5


def with_an_old_file(begin: Callable[[], Archive]) -> Archive:
    """An archive whose pool has a file that nobody names, old enough to go."""
    archive = begin()
    archive.add("kat-a")
    archive.make(Restore(generation=archive.kept()[0]))
    archive.prune(**{**AT_ONCE, "generations": 0})
    archive.pass_time(days=30)
    for _ in range(2):
        archive.make(Refresh())
    return archive


def test_what_a_slow_publisher_finds_in_the_pool_is_not_pruned_from_under_him(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        went = between(archive, number, archive.adding("kat-a"), archive.pruner(**AT_ONCE).prune)
        assert archive.listed() == ["kat-a_1.0", "kat-old_1.0"]
        return went

    assert at_every_step(lambda: with_an_old_file(begin), do) > 10


@pytest.mark.parametrize("hours", [23, 25, 47, 49, 6 * 24 + 1, 7 * 24 - 1])
def test_what_a_publisher_finds_stays_for_a_day_whatever_its_age(hours: int, begin: Callable[[], Archive]) -> None:
    """Packages and indexes of any age, named by nothing; he takes most of a day, and others prune meanwhile."""

    def begin_aged() -> Archive:
        archive = begin()
        archive.add("kat-a")
        archive.make(Restore(generation=archive.kept()[0]))
        archive.prune(**{**AT_ONCE, "generations": 0})
        archive.pass_time(hours=hours)
        return archive

    def do(archive: Archive, number: int) -> bool:
        def prune_late() -> None:
            archive.pass_time(hours=23)
            archive.prune(**{**AT_ONCE, "generations": 0})

        went = between(archive, number, archive.adding("kat-a"), prune_late)
        assert archive.listed() == ["kat-a_1.0", "kat-old_1.0"]
        return went

    assert at_every_step(begin_aged, do) > 10


@pytest.mark.parametrize("when", ["renew pool/", "replace dists/bookworm/InRelease"])
def test_what_a_bucket_deletes_late_is_written_once_more(when: str, begin: Callable[[], Archive]) -> None:
    """A prune in a bucket looks, and then deletes: it may have looked before the file was renewed."""
    archive = with_an_old_file(begin)
    (old,) = (key for key in archive.store.objects if "kat-a_" in key)

    def delete_late(_: int, what: str) -> None:
        if what.startswith(when):
            archive.store.objects.pop(old, None)

    archive.make_watched(archive.adding("kat-a"), Watch(after=delete_late))
    assert archive.listed() == ["kat-a_1.0", "kat-old_1.0"]
    archive.assert_whole()
    archive.assert_in_line()


def test_what_a_bucket_deletes_late_and_nobody_has_is_told(begin: Callable[[], Archive]) -> None:
    archive = begin()
    archive.add("kat-a")
    name = archive.current().name
    archive.make(Restore(generation=archive.kept()[0]))
    archive.pass_time(days=30)
    (old,) = (key for key in archive.store.objects if "kat-a_" in key)

    def delete_late(_: int, what: str) -> None:
        if what == "replace dists/bookworm/InRelease":
            archive.store.objects.pop(old)

    with pytest.raises(StoreError, match="what is published was pruned at the same moment") as caught:
        archive.make_watched(Restore(generation=name), Watch(after=delete_late))
    assert caught.value.where == f"memory:{old}"
    assert "restore the file from a backup" in str(caught.value.hint)
    archive.make(Restore(generation=archive.kept()[-1]))
    assert archive.listed() == ["kat-old_1.0"]


def test_a_slow_prune_does_not_take_what_was_published_meanwhile(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        def before(now: int, _: str) -> None:
            if now == number:
                archive.add("kat-a")

        watch = Watch(before=before)
        replace(archive.pruner(**AT_ONCE), store=watch.over(archive.store)).prune()
        assert archive.listed() == [*["kat-a_1.0"] * (watch.count >= number), "kat-old_1.0"]
        return watch.count >= number

    assert at_every_step(lambda: with_an_old_file(begin), do) > 10


def test_copies_that_are_brought_in_line_are_those_of_who_published_meanwhile(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        def before(now: int, _: str) -> None:
            if now == number:
                archive.add("kat-b")

        watch = Watch(before=before)
        replace(archive.publisher(), store=watch.over(archive.store)).bring_copies_in_line()
        return watch.count >= number

    assert at_every_step(begin, do) > 5


def test_a_detached_signature_that_comes_late_is_made_anew(begin: Callable[[], Archive]) -> None:
    archive = begin()
    copied = threading.Event()

    def before(_: int, what: str) -> None:
        if what == "replace dists/bookworm/Release.gpg":
            assert copied.wait(60)
            archive.add("kat-b")

    def after(_: int, what: str) -> None:
        if what == "replace dists/bookworm/Release":
            copied.set()

    store = Watch(before=before, after=after).over(archive.store, parallel=4)
    replace(archive.publisher(), store=store).publish(archive.adding("kat-a"))
    assert archive.listed() == ["kat-a_1.0", "kat-b_1.0", "kat-old_1.0"]
    archive.assert_in_line()


def test_a_publisher_who_fails_at_any_step_publishes_everything_the_next_time(begin: Callable[[], Archive]) -> None:
    def do(archive: Archive, number: int) -> bool:
        went = _fails(archive, Watch(before=lambda now, _: _fail(now == number)))
        archive.assert_whole()
        archive.make(archive.adding("kat-a"))
        assert archive.listed() == ["kat-a_1.0", "kat-old_1.0"]
        return went

    assert at_every_step(begin, do) > 10


def test_a_publisher_whose_answers_are_lost_publishes_everything_and_no_generation_twice(
    begin: Callable[[], Archive],
) -> None:
    def do(archive: Archive, number: int) -> bool:
        went = _fails(archive, Watch(after=lambda now, _: _fail(now == number)))
        archive.make(archive.adding("kat-a"))
        assert archive.listed() == ["kat-a_1.0", "kat-old_1.0"]
        assert len(archive.generations()) == 2
        return went

    assert at_every_step(begin, do) > 10


def _fail(now: object) -> None:
    if now:
        raise StoreError("the lab says so")


def _fails(archive: Archive, watch: Watch) -> bool:
    try:
        archive.make_watched(archive.adding("kat-a"), watch)
    except StoreError:
        return True
    return False
