"""What may be published in a suite, whatever its format."""

from __future__ import annotations

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.suite import SuiteSpec
from katpkg.model.version import Version


def check_fit(suite: SuiteSpec, package: BinaryPackage) -> None:
    """Raise RepositoryError when ``package`` may not be published in ``suite``."""
    what = f"{package.name} {package.version}"
    if package.format is not suite.format:
        raise RepositoryError(
            f"{what} is a .{package.format.value}, and {suite.name} has .{suite.format.value} files alone",
            where=package.filename,
        )
    if "+" in package.version:
        raise RepositoryError(
            f"{what} has a plus sign in its version, which stores and clients do not agree on in a path",
            where=package.filename,
            hint="versions of ours have none: build it, or repack it (payload.repack = true)",
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


def accepts(suite: SuiteSpec, version: Version) -> bool:
    """Whether ``version`` is for those who follow ``suite``: development versions are for testers."""
    return not (version.is_development and suite.is_stable)
