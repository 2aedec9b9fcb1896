"""What is in the archive already: which versions are taken, and what the last one held."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from katpkg.errors import StoreError
from katpkg.model.archive import ArchiveDefinition
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, PackageName
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version
from katpkg.packages.deb import inspect as deb
from katpkg.packages.rpm import inspect as rpm
from katpkg.pipeline.pool import at_hand
from katpkg.repository.apt.layout import pool_file
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.published import PublishedPackage
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.signing import GpgVerifier
from katpkg.store.base import Store


class PublishedRelease(ABC):
    """The packages of one release, over all its channels. Reads nothing before it is asked."""

    format: ClassVar[PackageFormat]

    def __init__(self, project: ArchiveDefinition, codename: Codename, store: Store, verifier: GpgVerifier) -> None:
        self._project = project
        self._codename = codename
        self._store = store
        self._verifier = verifier

    @cached_property
    def packages(self) -> tuple[PublishedPackage, ...]:
        """Everything that is published."""
        return tuple(self._read())

    def of(self, name: PackageName, architecture: str) -> tuple[PublishedPackage, ...]:
        """The published versions of one package, the oldest first."""
        found = {each.key: each for each in self.packages if each.name == name and each.architecture == architecture}
        return tuple(package for _, package in sorted(found.items()))

    def stored(self, name: PackageName, version: Version, architecture: str) -> Digest | None:
        """What lies in the pool as that version of a package of ours, published or not any more.

        An RPM there is signed, so it never is what was built: a version whose publication broke off counts as taken.
        """
        filename = self.format.filename(name, version.without_epoch, Architecture(architecture))
        return self._store.digest(pool_file(self._project.suite(self._codename), name, filename))

    def last_members(self, name: PackageName, architecture: str) -> tuple[str, ...]:
        """The paths that a package's newest published version holds; none when there is none. Raises StoreError."""
        published = self.of(name, architecture)
        return self.members(published[-1]) if published else ()

    def members(self, published: PublishedPackage) -> tuple[str, ...]:
        """The paths that a published package holds. Raises StoreError."""
        with at_hand(self._store, published.filename) as path:
            if path is None:
                raise StoreError(
                    f"{published} is published, but its file is missing",
                    where=self._store.where(published.filename),
                    hint="katpkg verify says what else is wrong; restore the file from a copy",
                )
            return self._list_members(path)

    def _read(self) -> Iterator[PublishedPackage]:
        """The suites of a release share its pool, so a version taken in one is taken in all."""
        for channel in ("", *self._project.publish.channels):
            yield from self._suite(self._project.suite(self._codename, channel))

    @abstractmethod
    def _suite(self, suite: SuiteSpec) -> Iterable[PublishedPackage]:
        """What is published in one suite."""

    @abstractmethod
    def _list_members(self, path: Path) -> tuple[str, ...]:
        """The paths that the package at ``path`` holds."""


class PublishedDebs(PublishedRelease):
    """Those of an apt archive."""

    format = PackageFormat.DEB

    def _suite(self, suite: SuiteSpec) -> Iterable[PublishedPackage]:
        return AptRepository(suite).published(self._store, self._verifier)

    def _list_members(self, path: Path) -> tuple[str, ...]:
        return deb.list_members(path)


class PublishedRpms(PublishedRelease):
    """Those of a repository of RPMs."""

    format = PackageFormat.RPM

    def _suite(self, suite: SuiteSpec) -> Iterable[PublishedPackage]:
        generation = Generation.current(self._store, self._verifier, suite.name)
        return generation.records(self._store) if generation else ()

    def _list_members(self, path: Path) -> tuple[str, ...]:
        return rpm.list_members(path)
