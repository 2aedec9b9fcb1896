"""Carrying out a Publication: phase after phase, so that whatever stops it leaves the old state whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import assert_never

from katpkg.errors import StoreError
from katpkg.report import Meter, Reporter
from katpkg.repository.publication import Action, Commit, Create, Delete, Phase, Publication, Put, Rely, Renew, Replace
from katpkg.store.base import Store

Each = Callable[[Callable[[Action], bool], Sequence[Action]], list[bool]]
"""Does the same with every action, and ends with the first error."""
Clock = Callable[[], datetime]

SKEW = timedelta(seconds=5)
"""How far this machine's clock may be from the store's: clients refuse a Date ten seconds ahead of theirs."""

YOUTH = timedelta(days=1)
"""An older object that a publication relies on is made young: a prune takes no index that is younger than two days, and
no package that is younger than seven."""

TRIES = 5
"""How often a file may be there and then be gone, because somebody prunes meanwhile."""


class Outpaced(StoreError):
    """Somebody else was quicker: what was planned from is not what is there any more."""


def apply(publication: Publication, store: Store, clock: Clock, reporter: Reporter) -> bool:
    """Perform the actions of ``publication``, those of a phase at once where the store is quicker that way.

    Returns whether the copies are those of this publication; when somebody else's were in the way, they are to be made
    anew from what is published now. Raises Outpaced when the commit is not ours to make, and StoreError; until the
    commit nothing was visible.
    """
    total = sum(action.size for action in publication.actions)
    with reporter.progress(publication.title, total) as meter, _workers(store.parallel) as each:
        work = _Work(store, clock, meter, each)
        if publication:
            _check_clock(store)
        work.perform(publication.of(Phase.POOL, Phase.INDEX))
        if commit := publication.of(Phase.COMMIT):
            store.settle()
            work.check_renewed()
            work.perform(commit)
            work.make_sure()
        in_line = work.perform(publication.of(Phase.COPIES))
        for phase in (Phase.KEEP, Phase.FORGET, Phase.UNLIST, Phase.PRUNE):
            work.perform(publication.of(phase))
    return in_line


class _Work:
    """What the actions of one publication share."""

    def __init__(self, store: Store, clock: Clock, meter: Meter, each: Each) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._each = each
        self._renewed: dict[str, Create | Rely] = {}

    def perform(self, actions: Sequence[Action]) -> bool:
        """All of ``actions``, in no order. Whether each found what it expected."""
        return all(self._each(self._perform, actions))

    def _perform(self, action: Action) -> bool:
        expected = True
        match action:
            case Create():
                self._create(action)
            case Rely():
                self._rely(action)
            case Commit():
                self._commit(action)
            case Replace():
                expected = self._replace(action)
            case Put():
                self._store.put(action.key, action.content)
            case Renew():
                self._store.renew(action.key)
            case Delete():
                self._store.delete(action.key, action.modified)
            case _:
                assert_never(action)
        self._meter.advance(action.size, label=action.key.rpartition("/")[2])
        return expected

    def _create(self, action: Create) -> None:
        for _ in range(TRIES):
            if self._store.create(action.key, action.content, action.digest):
                return
            found = self._store.digest(action.key)
            if found is not None and found != action.digest:
                raise StoreError(
                    f"{action.key.rpartition('/')[2]} is already published with different contents",
                    where=self._store.where(action.key),
                    hint="build again: the revision rises by itself; published files never change",
                    details=f"published: {found}\nours:      {action.digest}",
                )
            if found is not None and self._stays(action):
                return
        raise self._contradiction(action.key)

    def _rely(self, action: Rely) -> None:
        if not self._stays(action):
            raise StoreError(
                "a file that is to be published is missing",
                where=self._store.where(action.key),
                hint="restore it from a backup or a mirror; nothing was changed",
            )

    def _stays(self, action: Create | Rely) -> bool:
        """Have the object that ``action`` is about stay; whether it is there."""
        found = self._store.look(action.key)
        if found is None or self._clock() - self._store.ahead() - found.modified <= YOUTH:
            return found is not None
        self._renewed[action.key] = action
        return self._store.renew(action.key)

    def check_renewed(self) -> None:
        """Raise Outpaced when a prune that looked at an object before it was renewed took it after that."""
        for key in self._renewed:
            if self._store.look(key) is None:
                raise Outpaced("what is to be published was pruned", where=self._store.where(key), hint="publish again")

    def make_sure(self) -> None:
        """After the commit: write once more what such a prune took even then. From now on no prune finds it unnamed."""
        for key, action in self._renewed.items():
            if self._store.look(key) is None:
                if isinstance(action, Rely):
                    raise StoreError(
                        "what is published was pruned at the same moment",
                        where=self._store.where(key),
                        hint="restore the file from a backup or a mirror, or katpkg rollback to a state without it",
                    )
                self._create(action)

    def _commit(self, action: Commit) -> None:
        """Not before its Date: so there is at most one commit a second, and clients see each as newer than the last."""
        while (early := action.moment - (self._clock() - self._store.ahead())) > timedelta():
            time.sleep(early.total_seconds())
        if not self._store.replace(action.key, action.content, action.token, action.moment):
            if action.token is None and self._store.read(action.key) is None:
                raise self._contradiction(action.key)
            raise Outpaced("somebody else published first", where=self._store.where(action.key), hint="publish again")

    def _replace(self, action: Replace) -> bool:
        token = None if action.before is None else self._store.token(action.before)
        return self._store.replace(action.key, action.content, token)

    def _contradiction(self, key: str) -> StoreError:
        return StoreError(
            "the store says that there is such a file, and that there is none",
            where=self._store.where(key),
            hint="publish again; if that does not help, see whether the file may be read, and ask who runs the store",
        )


@contextmanager
def _workers(number: int) -> Iterator[Each]:
    """One after the other, or so many at once."""
    if number == 1:
        yield lambda do, actions: [do(action) for action in actions]
        return
    from concurrent.futures import ThreadPoolExecutor  # takes longer to load than a small publication to write

    with ThreadPoolExecutor(number) as pool:

        def at_once(do: Callable[[Action], bool], actions: Sequence[Action]) -> list[bool]:
            futures = [pool.submit(do, action) for action in actions]
            try:
                return [future.result() for future in futures]
            finally:
                for future in futures:
                    future.cancel()

        yield at_once


def _check_clock(store: Store) -> None:
    ahead = store.ahead()
    if abs(ahead) > SKEW:
        seconds = ahead.total_seconds()
        raise StoreError(
            f"this machine's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the store's",
            where=store.where(""),
            hint="set this machine's clock (timedatectl set-ntp true); clients would refuse the archive, or ignore it",
        )
