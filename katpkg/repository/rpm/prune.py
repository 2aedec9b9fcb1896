"""What can be deleted of the repositories of RPMs in an archive: the rules are those of apt's side.

All suites that lie in the archive count, whether a definition knows them or not. What is younger than the grace stays:
somebody may be about to publish it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.archive import RetentionSpec
from katpkg.model.names import SuiteName
from katpkg.repository.base import Archive, Listed, Verifier
from katpkg.repository.publication import Phase, Publication
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.waste import deletion, kept_generations, spared


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
        return deletion((*listed, *pool), _phase, self._is_named, self._parting, self._now)

    def spare(self, publication: Publication) -> Publication:
        """``publication`` without what a suite names that was published to since it was planned."""
        for suite, name in self._published.items():
            current = self._current(suite)
            if current.name != name:
                self._name(current)
        return spared(publication, self._is_named)

    def _keep(self, suite: SuiteName) -> None:
        current = self._current(suite)
        self._published[suite] = current.name
        self._name(current)
        ours = layout.replaced(suite, current.name)
        listed = [each for each in self._archive.list(layout.suite_file(suite, "replaced/")) if each.key != ours]
        kept = kept_generations(listed, layout.replaced_of, current.date, self._retention, self._now)
        for name in filter(None, (layout.replaced_of(each.key) for each in listed)):
            if name in kept:
                self._keep_generation(suite, name)
            else:
                self._part_with(suite, name)

    def _keep_generation(self, suite: SuiteName, name: str) -> None:
        trace = layout.replaced(suite, name)
        try:
            generation = Generation.read(self._archive, self._verifier, suite, name)
            if generation is None:
                raise RepositoryError("it is gone", where=layout.repomd(suite, name))
            self._name(generation)
            self._named.add(trace)
        except RepositoryError as error:
            if self._archive.read(trace) is None:  # another prune takes it just now
                return
            raise RepositoryError(
                f"generation {name} of {suite} is not whole: nothing is deleted",
                where=error.where,
                hint=f"restore what it lacks, or remove {trace}: it cannot be gone back to as it is",
                details=error.message,
            ) from error

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
