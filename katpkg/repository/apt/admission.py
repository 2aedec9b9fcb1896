"""What may be published in a suite."""

from __future__ import annotations

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.suite import SuiteSpec
from katpkg.model.version import Version
from katpkg.repository.apt import layout
from katpkg.repository.apt.stanza import Stanza


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
