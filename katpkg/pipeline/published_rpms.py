"""What is in a repository of RPMs already: the same questions as of an apt archive, and the answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from katpkg.errors import StoreError
from katpkg.model.archive import ArchiveDefinition
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, PackageName
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version
from katpkg.packages.rpm.inspect import list_members
from katpkg.repository.apt.layout import pool_file
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.rpm.record import Record
from katpkg.repository.signing import GpgVerifier
from katpkg.store.base import Store


class PublishedRpms:
    """The packages of one release, over all its channels. Reads nothing before it is asked."""

    def __init__(self, project: ArchiveDefinition, codename: Codename, store: Store, verifier: GpgVerifier) -> None:
        self._project = project
        self._codename = codename
        self._store = store
        self._verifier = verifier

    @cached_property
    def packages(self) -> tuple[Record, ...]:
        """Everything that is published."""
        return tuple(self._read())

    def of(self, name: PackageName, architecture: str) -> tuple[Record, ...]:
        """The published versions of one package, the oldest first."""
        found = {each.key: each for each in self.packages if each.name == name and each.architecture == architecture}
        return tuple(record for _, record in sorted(found.items()))

    def stored(self, name: PackageName, version: Version, architecture: str) -> Digest | None:
        """What lies in the pool as that version of a package of ours, published or not any more.

        It is signed and so never what was built: a version whose publication was interrupted counts as taken.
        """
        suite = self._project.suite(self._codename)
        filename = PackageFormat.RPM.filename(name, version.without_epoch, Architecture(architecture))
        return self._store.digest(pool_file(suite, name, filename))

    def last_members(self, name: PackageName, architecture: str) -> tuple[str, ...]:
        """The paths that a package's newest published version holds; none when there is none. Raises StoreError."""
        published = self.of(name, architecture)
        return self.members(published[-1]) if published else ()

    def members(self, published: Record) -> tuple[str, ...]:
        """The paths that a published package holds. Raises StoreError."""
        found = self._store.read(published.filename)
        if found is None:
            raise StoreError(f"{published} is published, but its file is missing", where=published.filename)
        with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
            path = Path(directory) / Path(published.filename).name
            path.write_bytes(found[0])
            return list_members(path)

    def _read(self) -> Iterator[Record]:
        """The suites of a release share its pool, so a version taken in one is taken in all."""
        for channel in ("", *self._project.publish.channels):
            suite = self._project.suite(self._codename, channel)
            generation = Generation.current(self._store, self._verifier, suite.name)
            yield from generation.records(self._store) if generation else ()
