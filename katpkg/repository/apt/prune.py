"""What can be deleted: whatever no suite names any more, in no generation that stays, and nobody is about to name.

All suites that lie in the archive count, whether a definition knows them or not. A publisher's objects are safe by
their youth: those that it wrote are young, and those that it found it makes young.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.archive import RetentionSpec
from katpkg.model.names import SuiteName
from katpkg.repository.apt import layout
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.named import Named
from katpkg.repository.base import Archive, Listed, Verifier
from katpkg.repository.publication import Phase, Publication
from katpkg.repository.waste import deletion, kept_generations, spared

KINDS = {
    Phase.UNLIST: re.compile(
        r"dists/[^/]+/(.+/)?(by-hash/SHA256/[0-9a-f]{64}|Packages\.diff/([^/]+\.gz|Index)"
        r"|Packages\.[gx]z|Contents-[^/]+\.gz)"
    ),
    Phase.PRUNE: re.compile(r"pool/.+\.deb"),
}
"""What is ours to delete, besides generations. Whatever else lies there is left alone."""


class Waste:
    """What nothing names, as it is at ``now`` by the store's clock. Raises RepositoryError and SigningError when it
    cannot be known what some suite names: then nothing is waste.
    """

    def __init__(self, archive: Archive, verifier: Verifier, retention: RetentionSpec, now: datetime) -> None:
        self._archive = archive
        self._verifier = verifier
        self._retention = retention
        self._now = now
        self._named = Named(archive)
        self._parting = Named(archive)
        """What generations name that go now."""
        self._kept: set[str] = set()
        self._published: dict[SuiteName, bytes] = {}

    def plan(self, pool: Sequence[Listed]) -> Publication:
        """The deletion of all that is waste; ``pool`` is a listing of the pool."""
        dists = list(self._archive.list("dists/"))
        for suite in _suites(dists):
            self._keep(suite)
        return deletion((*dists, *pool), _phase, self._is_named, self._parting, self._now)

    def spare(self, publication: Publication) -> Publication:
        """``publication`` without what a suite names that was published to since it was planned."""
        for suite, inrelease in self._published.items():
            current = self._read(suite)
            if current.inrelease != inrelease:
                self._named.add(current)
        return spared(publication, self._named.__contains__)

    def _keep(self, suite: SuiteName) -> None:
        """What ``suite`` names stays. Its generations are listed after it was read, so that none slips through."""
        current = self._read(suite)
        self._published[suite] = current.inrelease
        self._named.add(current)
        ours = layout.generation(suite, current.name)
        self._kept.add(ours)
        listed = [each for each in self._archive.list(layout.dists(suite, "generations/")) if each.key != ours]
        for name in kept_generations(listed, layout.generation_of, current.date, self._retention, self._now):
            self._kept.add(layout.generation(suite, name))
            self._keep_generation(suite, name)
        for each in listed:
            if each.key not in self._kept and layout.generation_of(each.key):
                self._part_with(suite, each.key)

    def _keep_generation(self, suite: SuiteName, name: str) -> None:
        key = layout.generation(suite, name)
        generation = Generation.read(self._archive, self._verifier, suite, key)
        try:
            if generation is not None:
                self._named.add(generation)
        except RepositoryError as error:
            if self._archive.read(key) is None:  # another prune takes it just now
                return
            raise RepositoryError(
                f"generation {name} of {suite} is not whole: nothing is deleted",
                where=key,
                hint="restore what it lacks, or remove it: it cannot be gone back to as it is",
                details=f"{error.message}\n{error.where}",
            ) from error

    def _part_with(self, suite: SuiteName, key: str) -> None:
        """Note what a generation names that goes. Of one that is not whole, or not ours, nobody knows."""
        with suppress(RepositoryError, SigningError):
            if generation := Generation.read(self._archive, self._verifier, suite, key):
                self._parting.add(generation)

    def _read(self, suite: SuiteName) -> Generation:
        found = Generation.read(self._archive, self._verifier, suite)
        if found is None:
            raise _unknown(layout.dists(suite, "InRelease"))
        return found

    def _is_named(self, key: str) -> bool:
        return key in self._named or key in self._kept


def _phase(key: str) -> Phase | None:
    """When ``key`` would be deleted; None for what never is."""
    if layout.generation_of(key):
        return Phase.FORGET
    return next((phase for phase, pattern in KINDS.items() if pattern.fullmatch(key)), None)


def _suites(dists: Sequence[Listed]) -> Iterator[SuiteName]:
    """Every suite that lies there. Raises RepositoryError for what may be one, and does not say what it names."""
    keys = {each.key for each in dists}
    for directory in sorted({_suite_of(key) for key in keys} - {""}):
        if f"{directory}/InRelease" not in keys:
            raise _unknown(f"{directory}/InRelease")
        try:
            yield SuiteName(directory.removeprefix("dists/"))
        except ValueError as error:
            raise RepositoryError(
                f"{error}: nothing is deleted",
                where=f"{directory}/InRelease",
                hint="two archives do not share a pool: move the other one elsewhere",
            ) from error


def _suite_of(key: str) -> str:
    """The directory of the suite whose Release, or whose generation, lies at ``key``; else nothing."""
    directory, _, name = key.rpartition("/")
    if layout.generation_of(key):
        return "/".join(key.split("/")[:2])
    of_index = directory.rpartition("/")[2].startswith(("binary-", "source"))  # Release there is an old custom
    return directory if name in ("InRelease", "Release") and not of_index else ""


def _unknown(where: str) -> RepositoryError:
    return RepositoryError(
        "nobody knows what a suite names that has no InRelease: nothing is deleted",
        where=where,
        hint="restore it from a backup, by katpkg rollback, or remove the suite's directory",
    )
