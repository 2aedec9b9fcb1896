"""What may be published in a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Component
from katpkg.model.suite import SuiteSpec
from katpkg.model.version import Version
from katpkg.repository.apt import layout
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader


def admit(suite: SuiteSpec, package: BinaryPackage) -> Stanza:
    """The stanza that ``package`` gets in ``suite``. Raises RepositoryError when it may not be published there."""
    what = f"{package.name} {package.version}"
    if "+" in package.version:
        raise RepositoryError(
            f"{what} has a plus sign in its version, which stores and clients do not agree on in a path",
            where=package.filename,
            hint="repack it (payload.repack = true), so that it gets a version of ours",
        )
    if not accepts(suite, package.version):
        raise RepositoryError(
            f"{what} is a development version, and {suite.name} is what users follow",
            where=package.filename,
            hint="katpkg publish --channel testing",
        )
    if not package.architecture.is_all and package.architecture not in suite.architectures:
        raise RepositoryError(
            f"{what} is for {package.architecture}, which {suite.name} does not serve",
            where=package.filename,
            hint=f"add it to archive.architectures ({', '.join(suite.architectures)})",
        )
    return Stanza.of(package, layout.pool(suite, package))


def accepts(suite: SuiteSpec, version: Version) -> bool:
    """Whether ``version`` is for those who follow ``suite``: development versions are for testers."""
    return not (version.is_development and suite.is_stable)


def must_not_move(draft: Draft, reader: Reader, found: Mapping[Component, Sequence[Stanza]]) -> None:
    """Raise RepositoryError when a package of ``found`` is published in another component: it would have two files."""
    wanted = {stanza.key: (component, stanza) for component, stanzas in found.items() for stanza in stanzas}
    every = draft.current.shelves() if draft.current else ()
    shelves = [shelf for shelf in every if any(component != shelf[0] for component, _ in wanted.values())]
    for shelf, index in zip(shelves, draft.read(reader, shelves), strict=True):
        for key in index.every_key():
            name, stanza = wanted.get(key, (shelf[0], None))
            if stanza is not None and name != shelf[0]:
                raise RepositoryError(
                    f"{stanza} is published in {shelf[0]} and cannot go to {name} as well",
                    where=layout.dists(draft.suite.name, layout.packages(*shelf)),
                    hint=f"publish a later version to {name}, or take it out first: "
                    f"katpkg remove {draft.suite.name} {stanza.name}={stanza.version}",
                )
