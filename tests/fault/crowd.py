"""Many publishers at once, with others who prune, refresh and roll back beside them, and readers who read all the time.

Nothing that was acknowledged may be lost, no reader may fail or see time go backwards, and the generations that
history keeps must follow from one another.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from katpkg.errors import KatpkgError
from katpkg.repository.apt import layout
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.base import Verifier
from katpkg.store.base import Store
from tests.fault.ground import OLD, SUITE, Ground, Wrong, judge, pack

AGE = timedelta(days=30)
SIDE = "bookworm-testing"
"""Another suite on the same pool, which is rolled back all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """So many publishers, who publish so many packages each, one by one."""

    publishers: int
    packages: int

    def name(self, publisher: int, package: int) -> str:
        """What the package is called."""
        return f"kat-{chr(97 + publisher)}{chr(97 + package)}"

    def __str__(self) -> str:
        return f"{self.publishers} x {self.packages}"


@dataclass(slots=True)
class Crowd:
    """What happened: filled while it goes on."""

    ground: Ground
    size: Size
    acknowledged: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def every(self) -> set[str]:
        """What all of its publishers publish, by name."""
        size = self.size
        return {size.name(one, two) for one in range(size.publishers) for two in range(size.packages)}

    def note(self, what: str) -> None:
        """It happened once more."""
        with self.lock:
            self.counts[what] += 1

    def publish(self, publisher: int) -> None:
        """Publish this publisher's packages, each by a process of its own."""
        for number in range(self.size.packages):
            name = self.size.name(publisher, number)
            began = time.monotonic()
            done = self.ground.katpkg("publish", *(self.ground.root / "crowd").glob(f"{name}_*.deb"), patience=900)
            if done.returncode:
                raise Wrong(f"{name}: {done.returncode} {done.stderr}")
            with self.lock:
                self.acknowledged.add(name)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.counts["lost races"] += done.stderr.count("planning again")

    def beside(self) -> None:
        """Prune, refresh, and roll the other suite back, until it is over."""
        old = sorted((self.ground.root / "old").iterdir())
        while not self.over.is_set():
            self._must("refresh", "bookworm")
            self._must("prune")
            self._must("publish", "--channel", "testing", *old)
            if earlier := json.loads(self._must("--json", "history", SIDE))["generations"][1:]:
                self._must("rollback", SIDE, earlier[-1]["name"])
                self._must("remove", SIDE, "kat-core")

    def _must(self, *words: str | Path) -> str:
        done = self.ground.katpkg(*words, patience=900)
        if done.returncode:
            raise Wrong(f"{words[0]}: {done.returncode} {done.stderr}")
        self.note(str(words[0]))
        return done.stdout

    def keep_on(self, what: str, act: Callable[[], None]) -> None:
        """``act``, again and again until it is over, and once more then."""
        is_last = False
        while not is_last:
            is_last = self.over.is_set()
            act()
            self.note(what)


def gather(ground: Ground, size: Size, *, aged: bool) -> None:
    """Make the packages of a crowd; with ``aged``, every second one lies in the pool already, old and unnamed."""
    for publisher in range(size.publishers):
        for number in range(size.packages):
            deb = pack(ground.root / "crowd", size.name(publisher, number), "amd64")
            if aged and number % 2:
                name = size.name(publisher, number)
                lying = ground.public / f"pool/bookworm/main/{name[0]}/{name}/{deb.name}"
                lying.parent.mkdir(parents=True, exist_ok=True)
                lying.write_bytes(deb.read_bytes())
                moment = (datetime.now(UTC) - AGE).timestamp()
                os.utime(lying, (moment, moment))


def play(crowd: Crowd, store: Store, readers: Mapping[str, Callable[[], None]]) -> list[str]:
    """Let everybody begin at once; return what went wrong."""
    began = time.monotonic()
    with ThreadPoolExecutor(64) as threads:
        publishers = [threads.submit(crowd.publish, number) for number in range(crowd.size.publishers)]
        others = [threads.submit(crowd.keep_on, name, act) for name, act in readers.items()]
        others.append(threads.submit(crowd.beside))
        for each in publishers:
            _outcome(crowd, each.exception())
        took = time.monotonic() - began
        crowd.over.set()
        for each in others:
            _outcome(crowd, each.exception())
    try:
        judge_crowd(crowd, store, crowd.ground.verifier)
    except (Wrong, KatpkgError) as error:
        crowd.wrongs.append(str(error))
    told = ", ".join(f"{count} {what}" for what, count in sorted(crowd.counts.items()))
    logging.info("crowd of %s: %.0f s, the slowest took %.0f s; %s", crowd.size, took, crowd.slowest, told)
    for wrong in crowd.wrongs:
        logging.error("WRONG %s", wrong)
    return crowd.wrongs


def _outcome(crowd: Crowd, error: BaseException | None) -> None:
    if error is not None:
        crowd.wrongs.append(f"{type(error).__name__}: {error}")


def judge_crowd(crowd: Crowd, store: Store, verifier: Verifier) -> None:
    """Raise Wrong unless all that was acknowledged is published, by generations that follow from one another."""
    if crowd.acknowledged != crowd.every:
        raise Wrong(f"not acknowledged: {sorted(crowd.every - crowd.acknowledged)}")
    published = {str(stanza.name) for stanza in AptRepository(SUITE).published(store, verifier)}
    if lost := (crowd.every | OLD.keys()) - published:
        raise Wrong(f"acknowledged, and not published: {sorted(lost)}")
    chain = list(_chain(store, verifier))
    for before, after in pairwise(chain):
        if before.release.date >= after.release.date:
            raise Wrong(f"{after.name} is not later than {before.name}")
        if not _names(before, store) <= _names(after, store):
            raise Wrong(f"{after.name} has lost what {before.name} had")
    crowd.counts["generations"] = len(chain)
    judge(store, verifier, strict=True)


def _chain(store: Store, verifier: Verifier) -> Iterator[Generation]:
    kept = [each.key for each in store.list(layout.dists(SUITE.name, "generations/"))]
    for key in [*sorted(kept), ""]:
        generation = Generation.read(store, verifier, SUITE.name, key)
        if generation is None:
            raise Wrong(f"{key or 'InRelease'} is not there")
        yield generation


def _names(generation: Generation, store: Store) -> set[str]:
    return {f"{stanza.name} {stanza.version}" for stanza in generation.stanzas(store)}
