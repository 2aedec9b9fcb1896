"""What is in the archive already: which versions are taken, and what the last one held."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from katpkg.errors import StoreError
from katpkg.model.archive import ArchiveDefinition
from katpkg.model.digests import Digest
from katpkg.model.names import Codename, PackageName
from katpkg.model.version import Version
from katpkg.packages.deb.inspect import list_members
from katpkg.repository.apt import layout
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.signing import GpgVerifier
from katpkg.store.base import Store


class PublishedRelease:
    """The packages of one release, over all its channels. Reads nothing before it is asked."""

    def __init__(self, project: ArchiveDefinition, codename: Codename, store: Store, verifier: GpgVerifier) -> None:
        self._project = project
        self._codename = codename
        self._store = store
        self._verifier = verifier

    @cached_property
    def packages(self) -> tuple[Stanza, ...]:
        """Everything that is published."""
        return tuple(self._read())

    def of(self, name: PackageName, architecture: str) -> tuple[Stanza, ...]:
        """The published versions of one package, the oldest first."""
        found = {each for each in self.packages if each.name == name and each.architecture == architecture}
        return tuple(sorted(found, key=lambda each: each.version))

    def stored(self, name: PackageName, version: Version, architecture: str) -> Digest | None:
        """What lies in the pool as that version of a package of ours, published or not any more."""
        filename = f"{name}_{version.without_epoch}_{architecture}.deb"
        return self._store.digest(layout.pool_file(self._project.suite(self._codename), name, filename))

    def last_members(self, name: PackageName, architecture: str) -> tuple[str, ...]:
        """The paths that a package's newest published version holds; none when there is none. Raises StoreError."""
        published = self.of(name, architecture)
        return self.members(published[-1]) if published else ()

    def members(self, published: Stanza) -> tuple[str, ...]:
        """The paths that a published package holds. Raises StoreError."""
        found = self._store.read(published.filename)
        if found is None:
            raise StoreError(
                f"{published.name} {published.version} is published, but its file is missing",
                where=published.filename,
            )
        with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
            path = Path(directory) / Path(published.filename).name
            path.write_bytes(found[0])
            return list_members(path)

    def _read(self) -> Iterator[Stanza]:
        """The suites of a release share its pool, so a version taken in one is taken in all."""
        for channel in ("", *self._project.publish.channels):
            suite = self._project.suite(self._codename, channel)
            yield from AptRepository(suite).published(self._store, self._verifier)
