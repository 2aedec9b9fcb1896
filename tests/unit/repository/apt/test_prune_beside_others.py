"""A prune beside others at work: whatever comes between two of its steps, and wherever it ends, all stays whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from katpkg.errors import KatpkgError
from katpkg.model.archive import RetentionSpec
from katpkg.model.names import SuiteName
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Change, Promote, Refresh, Restore
from katpkg.repository.apt.history import HISTORY
from katpkg.repository.apt.prune import Waste
from katpkg.repository.publication import Delete
from katpkg.store.apply import apply
from tests.archives import AT_ONCE, STABLE, TESTING, MemoryArchive, aged, deb, pool, remove
from tests.builders import make_suite


def add_again(archive: MemoryArchive, _name: str) -> None:
    archive.add("kat-a_1.0", "kat-z_1.0")


def roll_back(archive: MemoryArchive, name: str) -> None:
    archive.make(Restore(generation=name))


def prune_too(archive: MemoryArchive, _name: str) -> None:
    archive.prune(**AT_ONCE)


def prune_less(archive: MemoryArchive, _name: str) -> None:
    archive.prune(generations=1)


def publish_to_a_new_suite(archive: MemoryArchive, _name: str) -> None:
    archive.add("kat-a_1.0", "kat-z_1.0", suite=make_suite(name=SuiteName("bookworm-nightly")))


def publish_much(archive: MemoryArchive, _name: str) -> None:
    for number in range(2):
        archive.add(f"kat-d_1.{number}")
    archive.add("kat-a_1.0", "kat-z_1.0")
    archive.make(remove("kat-b"))


OTHERS = [add_again, roll_back, prune_too, prune_less, publish_to_a_new_suite, publish_much]


class Stopped(Exception):
    pass


def operations(directory: Path, act: Callable[[MemoryArchive, str], None]) -> int:
    """How many operations of the store ``act`` takes."""
    archive = MemoryArchive(directory)
    name = aged(archive)
    archive.store.hook = lambda *_: None
    act(archive, name)
    return archive.store.count


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_somebody_else_does_between_two_steps_of_a_prune_all_stays_whole(
    other: Callable[[MemoryArchive, str], None], tmp_path: Path
) -> None:
    steps = operations(tmp_path, prune_too)
    assert steps > 30
    for step in range(1, steps + 1):
        archive = MemoryArchive(tmp_path)
        name = aged(archive)
        failed = run_inside(archive, step, lambda: other(archive, name), lambda: prune_too(archive, name))  # noqa: B023
        assert failed is None or other is roll_back
        archive.assert_whole()


@pytest.mark.parametrize("act", [each for each in OTHERS if each not in (prune_too, prune_less)])
def test_whenever_a_prune_comes_between_two_steps_of_somebody_else_all_stays_whole(
    act: Callable[[MemoryArchive, str], None], tmp_path: Path
) -> None:
    for step in range(1, operations(tmp_path, act) + 1):
        archive = MemoryArchive(tmp_path)
        name = aged(archive)
        failed = run_inside(archive, step, lambda: prune_too(archive, name), lambda: act(archive, name))  # noqa: B023
        assert failed is None or act is roll_back
        archive.assert_whole()


def run_inside(
    archive: MemoryArchive, step: int, inner: Callable[[], None], outer: Callable[[], None]
) -> KatpkgError | None:
    """Do ``outer``, and the whole of ``inner`` before its operation number ``step``; how either failed."""
    failures: list[KatpkgError] = []

    def hook(count: int, *_: str) -> None:
        if count == step:
            attempt(inner, failures)

    archive.store.count = 0
    archive.store.hook = hook
    attempt(outer, failures)
    archive.store.hook = None
    return failures[0] if failures else None


def attempt(act: Callable[[], None], failures: list[KatpkgError]) -> None:
    try:
        act()
    except KatpkgError as error:
        failures.append(error)


def test_a_prune_that_is_killed_anywhere_leaves_an_archive_that_is_whole_and_the_next_one_ends_it(
    tmp_path: Path,
) -> None:
    whole = MemoryArchive(tmp_path)
    aged(whole)
    whole.prune(STABLE, versions=1, **AT_ONCE)
    for step in range(1, operations(tmp_path, lambda archive, _: kill_later(archive)) + 1):
        archive = MemoryArchive(tmp_path)
        aged(archive)

        def kill(count: int, *_: str, step: int = step) -> None:
            if count == step:
                raise Stopped

        archive.store.count = 0
        archive.store.hook = kill
        with pytest.raises(Stopped):
            kill_later(archive)
        archive.store.hook = None
        archive.assert_whole()
        kill_later(archive)
        archive.assert_whole()
        assert pool(archive) == pool(whole)


def kill_later(archive: MemoryArchive) -> None:
    archive.prune(STABLE, versions=1, **AT_ONCE)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_to_an_archive_every_state_that_history_offers_can_be_gone_back_to(
    seed: int, archive: MemoryArchive
) -> None:
    dice = random.Random(seed)
    archive.add("kat-a_1.0", suite=TESTING)
    archive.add("kat-a_1.0")
    for _ in range(40):
        archive.pass_time(hours=dice.choice([1, 5, 30, 200]))
        happen(archive, dice)
        archive.assert_whole()
    for past in HISTORY.states(archive.store, archive.signer, STABLE.name):
        assert past.lost == ""
        if not past.is_current:
            archive.make(Restore(generation=past.name))
            archive.assert_whole()


def happen(archive: MemoryArchive, dice: random.Random) -> None:
    suite = dice.choice([STABLE, STABLE, TESTING])
    listed = archive.listed(suite)
    changes: list[Change] = [
        Refresh(),
        *[remove(f"{dice.choice(listed).replace('_', '=')}-*") for _ in listed[:1]],
        *[Restore(generation=each) for each in archive.kept(suite)[-3:]],
    ]
    match dice.randrange(4):
        case 0:
            archive.make(dice.choice(changes), suite)
        case 1:
            archive.prune(STABLE, TESTING, versions=2, days=10, generations=dice.choice([0, 1, 3]), generation_hours=9)
        case 2:
            archive.make(Promote(source=TESTING))
        case _:
            archive.add(f"kat-{dice.choice('abc')}_1.{dice.randrange(9)}", suite=suite)


def test_a_pool_object_that_a_publisher_found_and_renewed_is_not_deleted(archive: MemoryArchive) -> None:
    aged(archive)
    key = f"pool/bookworm/main/k/kat-z/{deb('kat-z')}"
    planned = archive.pruner(**AT_ONCE).plan()[-1]
    assert key in {action.key for action in planned.actions if isinstance(action, Delete)}
    archive.add("kat-z_1.0")
    found = archive.store.look(key)
    assert found is not None
    assert archive.clock() - found.modified < timedelta(minutes=2)
    apply(planned, archive.store, archive.clock, Quiet())
    assert key in archive.store.objects


def test_what_was_published_since_a_deletion_was_planned_is_taken_out_of_it(archive: MemoryArchive) -> None:
    aged(archive)
    key = f"pool/bookworm/main/k/kat-z/{deb('kat-z')}"
    waste = Waste(archive.store, archive.signer, RetentionSpec(generations=0, generation_hours=0), archive.clock())
    planned = waste.plan(list(archive.store.list("pool/")))
    before = {action.key for action in planned.actions}
    assert key in before
    archive.add("kat-z_1.0")
    after = {action.key for action in waste.spare(planned).actions}
    assert key in before - after
    assert len(after) > 3
