"""Put what was built into the archive: plan, apply, and plan again when somebody else was quicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from katpkg.errors import BuildError
from katpkg.model.names import Codename
from katpkg.model.package import BinaryPackage
from katpkg.model.project import Project
from katpkg.pipeline.built import BuildDirectory
from katpkg.report import Reporter
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.base import Signer
from katpkg.repository.publication import Publication
from katpkg.store.apply import Outpaced, apply
from katpkg.store.base import Store

TRIES = 20
"""How often somebody else may be quicker before we say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Everything that publishing needs besides what is published."""

    project: Project
    store: Store
    signer: Signer
    now: datetime
    reporter: Reporter
    channel: str = ""

    def plan(self, codename: Codename) -> Publication:
        """What publishing the built packages of a release would change. Writes nothing."""
        return self._plan(codename, built_packages(self.project, codename))

    def publish(self, codename: Codename) -> Publication:
        """Publish the built packages of a release, and return what that changed: nothing, when all was there.

        Raises RepositoryError, SigningError and StoreError; until the commit the archive is as it was.
        """
        packages = built_packages(self.project, codename)
        for _ in range(TRIES):
            publication = self._plan(codename, packages)
            try:
                apply(publication, self.store, self.reporter)
            except Outpaced:
                self.reporter.note(f"{codename}: somebody else published meanwhile; planning again")
            else:
                return publication
        raise Outpaced(f"{TRIES} times somebody else published first", where=codename, hint="try again later")

    def _plan(self, codename: Codename, packages: Sequence[BinaryPackage]) -> Publication:
        repository = AptRepository(self.project.suite(codename, self.channel))
        return repository.plan(self.store.read, tuple(packages), self.signer, self.now)


def built_packages(project: Project, codename: Codename) -> tuple[BinaryPackage, ...]:
    """The packages that the last build made for a release, as they were recorded then; none is read.

    Whether a file has still the bytes that were built is seen by the store, when it copies them. Raises BuildError.
    """
    directory = BuildDirectory(project.build.directory, codename)
    if not directory.exists():
        raise BuildError(f"nothing was built for {codename}", where=str(directory.path), hint="katpkg build")
    packages = []
    for built in directory.read():
        if not built.seems_whole(directory.path):
            path = directory.path / built.filename
            raise BuildError(
                f"{built.filename} is not the file that was built",
                where=str(path),
                hint=f"rm -f {path}; katpkg build",
            )
        packages.append(directory.package(built))
    return tuple(packages)
