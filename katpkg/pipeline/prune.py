"""Pruning: old versions leave the indexes, and then what nothing names is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from katpkg.model.archive import RetentionSpec
from katpkg.pipeline.commit import Publisher
from katpkg.report import Reporter
from katpkg.repository.apt.prune import Waste
from katpkg.repository.apt.retention import Expire
from katpkg.repository.base import Verifier
from katpkg.repository.publication import Publication
from katpkg.repository.rpm.prune import RpmWaste
from katpkg.repository.waste import joined
from katpkg.store.apply import Clock, apply
from katpkg.store.base import Store, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruner:
    """Prunes an archive. Its methods raise RepositoryError, SigningError and StoreError."""

    store: Store
    verifier: Verifier
    retention: RetentionSpec
    clock: Clock
    reporter: Reporter
    publishers: Sequence[Publisher]
    """Of the suites that old versions are taken out of; those that are not here keep theirs."""

    def plan(self) -> list[Publication]:
        """What ``prune`` would write and delete. Writes nothing."""
        pool, change = self._survey()
        planned = [publisher.plan(change) for publisher in self.publishers]
        return [*planned, joined([waste.plan(pool) for waste in self._wastes(change)])]

    def prune(self) -> list[Publication]:
        """Take old versions out of the indexes, delete what no suite names, and return what that wrote.

        Killed anywhere, it leaves an archive that is whole; the next one goes on.
        """
        pool, change = self._survey()
        done = [publisher.publish(change) for publisher in self.publishers]
        wastes = self._wastes(change)
        planned = [waste.plan(pool) for waste in wastes]
        deletion = joined([waste.spare(each) for waste, each in zip(wastes, planned, strict=True)])
        apply(deletion, self.store, self.clock, self.reporter)
        return [*done, deletion]

    def _survey(self) -> tuple[list[Stored], Expire]:
        pool = list(self.store.list("pool/"))
        now = self.clock() - self.store.ahead()
        modified = {each.key: each.modified for each in pool}
        return pool, Expire(retention=self.retention, now=now, modified=modified)

    def _wastes(self, change: Expire) -> Sequence[RpmWaste | Waste]:
        """What is waste of each kind of repository. They share the pool, and no file of it."""
        words = (self.store, self.verifier, self.retention, change.now)
        return RpmWaste(*words), Waste(*words)
