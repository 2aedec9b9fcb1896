"""An archive in memory that others work on between any two steps of somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path

from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Add, Change
from katpkg.repository.apt.check.rules import Level
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.publication import Publication
from tests.archives import STABLE, MemoryArchive
from tests.fault.signer import QuickSigner
from tests.fault.watched import Watch
from tests.whole import OurWitness, check_whole


class Archive(MemoryArchive):
    """One whose clock goes on by a second whenever somebody looks: nobody waits for his moment."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.signer = QuickSigner()

    def clock(self) -> datetime:
        self.pass_time(seconds=1)
        return self.store.now

    def adding(self, *words: str) -> Add:
        return Add(packages=[AptRepository(STABLE).admit(self.package(word)) for word in words])

    def make_watched(self, change: Change, watch: Watch) -> Publication:
        """Make ``change`` as ``watch`` sees it."""
        return replace(self.publisher(), store=watch.over(self.store)).publish(change)

    def assert_in_line(self) -> None:
        """Nothing is to be said about the archive, not even about its copies."""
        found = check_whole(self.store, OurWitness(self.signer), self.store.now)
        assert [(each.rule, each.where) for each in found if each.level is not Level.NOTE] == []

    def generations(self) -> list[Generation]:
        """Every one that is kept and the published one, the oldest first."""
        keys = [layout.generation(STABLE.name, name) for name in self.kept()]
        found = [Generation.read(self.store, self.signer, STABLE.name, key) for key in keys]
        return [each for each in found if each] + [self.current()]

    def assert_chain(self) -> None:
        """Every Date is later than the one before."""
        dates = [each.release.date for each in self.generations()]
        assert all(before < after for before, after in pairwise(dates)), dates


def at_every_step(begin: Callable[[], Archive], do: Callable[[Archive, int], bool]) -> int:
    """Play it with something between steps 1 and 2, 2 and 3, … as long as ``do`` says that there was a step."""
    for number in count(1):
        archive = begin()
        if not do(archive, number):
            return number - 1
        archive.assert_whole()
        archive.assert_in_line()
        archive.assert_chain()
    raise AssertionError


def between(archive: Archive, number: int, change: Change, act: Callable[[], object]) -> bool:
    """Make ``change``, and ``act`` before its step ``number``. Whether it took that many."""

    def before(now: int, _: str) -> None:
        if now == number:
            act()

    watch = Watch(before=before)
    archive.make_watched(change, watch)
    return watch.count >= number
