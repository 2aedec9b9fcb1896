"""What can be deleted of the repositories of RPMs in an archive: the rules are those of apt's side.

All suites that lie in the archive count, whether a definition knows them or not. What is younger than the grace stays:
somebody may be about to publish it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.archive import RetentionSpec
from katpkg.model.names import SuiteName
from katpkg.repository.apt.prune import GRACE
from katpkg.repository.base import Archive, Listed, Verifier
from katpkg.repository.publication import Delete, Phase, Publication, Renew
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.generation import Generation


class RpmWaste:
    """What nothing names, as it is at ``now`` by the store's clock. Raises RepositoryError and SigningError when it
    cannot be known what some suite names: then nothing is waste.
    """

    def __init__(self, archive: Archive, verifier: Verifier, retention: RetentionSpec, now: datetime) -> None:
        self._archive = archive
        self._verifier = verifier
        self._retention = retention
        self._now = now
        self._named: set[str] = set()
        """Keys, and the generations that stay, each as its directory."""
        self._parting: set[str] = set()
        """Packages that generations name which go now."""
        self._published: dict[SuiteName, str] = {}

    def plan(self, pool: Sequence[Listed]) -> Publication:
        """The deletion of all that is waste; ``pool`` is a listing of the pool."""
        listed = list(self._archive.list(layout.ROOT))
        for suite in sorted({name for each in listed if (name := layout.suite_of(each.key))}):
            self._keep(SuiteName(suite))
        actions = [action for each in (*listed, *pool) for action in self._judge(each)]
        actions.sort(key=lambda action: action.phase)
        return Publication(title=f"{len(actions)} files that no repository of RPMs names", actions=actions)

    def spare(self, publication: Publication) -> Publication:
        """``publication`` without what a suite names that was published to since it was planned."""
        for suite, name in self._published.items():
            current = self._current(suite)
            if current.name != name:
                self._name(current)
        return replace(publication, actions=[each for each in publication.actions if not self._is_named(each.key)])

    def _keep(self, suite: SuiteName) -> None:
        current = self._current(suite)
        self._published[suite] = current.name
        self._name(current)
        replaced = current.repomd.date
        kept = 0
        for each in sorted(self._archive.list(layout.suite_file(suite, "replaced/")), key=_key, reverse=True):
            name = layout.replaced_of(each.key)
            if name is None or name == current.name:
                continue
            age = self._now - max(replaced, each.modified)
            if kept < self._retention.generations or age < timedelta(hours=self._retention.generation_hours):
                kept += 1
                self._keep_generation(suite, name)
            else:
                self._part_with(suite, name)
            replaced = layout.generation_date(name)

    def _keep_generation(self, suite: SuiteName, name: str) -> None:
        generation = Generation.read(self._archive, self._verifier, suite, name)
        if generation is None:
            raise RepositoryError(
                f"generation {name} of {suite} is not whole: nothing is deleted",
                where=layout.repomd(suite, name),
                hint=f"restore it, or remove {layout.replaced(suite, name)}: it cannot be gone back to as it is",
            )
        self._name(generation)
        self._named.add(layout.replaced(suite, name))

    def _part_with(self, suite: SuiteName, name: str) -> None:
        with suppress(RepositoryError, SigningError):
            if generation := Generation.read(self._archive, self._verifier, suite, name):
                self._parting.update(record.filename for record in generation.records(self._archive))

    def _name(self, generation: Generation) -> None:
        self._named.add(layout.generation(generation.suite, generation.name))
        self._named.update(record.filename for record in generation.records(self._archive))

    def _current(self, suite: SuiteName) -> Generation:
        found = Generation.current(self._archive, self._verifier, suite)
        if found is None:
            raise RepositoryError(
                "nobody knows what a suite names that has no mirror list: nothing is deleted",
                where=layout.mirrorlist(suite),
                hint="restore it from a backup, or remove the suite's directory",
            )
        return found

    def _judge(self, listed: Listed) -> Iterator[Delete | Renew]:
        phase = _phase(listed.key)
        if phase is None or self._is_named(listed.key):
            return
        if phase is Phase.PRUNE and listed.key in self._parting:
            yield Renew(key=listed.key)
        elif self._now - listed.modified >= GRACE[phase]:
            yield Delete(phase=phase, key=listed.key, size=listed.size, modified=listed.modified)

    def _is_named(self, key: str) -> bool:
        name = layout.generation_of(key)
        return (layout.generation(SuiteName(key.split("/")[1]), name) if name else key) in self._named


def _phase(key: str) -> Phase | None:
    """When ``key`` would be deleted; None for what never is."""
    if layout.replaced_of(key):
        return Phase.FORGET
    if layout.generation_of(key):
        return Phase.UNLIST
    return Phase.PRUNE if key.startswith("pool/") and key.endswith(".rpm") else None


def _key(listed: Listed) -> str:
    return listed.key
