"""What may be published in a suite, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.suite import SuiteSpec
from katpkg.model.version import Version
from katpkg.repository.published import Key


def check_fit(suite: SuiteSpec, package: BinaryPackage) -> None:
    """Raise RepositoryError when ``package`` may not be published in ``suite``."""
    if package.format is not suite.format:
        ours, theirs = suite.format.value, package.format.value
        raise _unfit(f"{_what(package)} is a .{theirs}, and {suite.name} has .{ours} files alone", package)
    if "+" in package.version:
        raise _unfit(
            f"{_what(package)} has a plus sign in its version, which stores and clients do not agree on in a path",
            package,
            "versions of ours have none: build it, or repack it (payload.repack = true)",
        )
    if not accepts(suite, package.version):
        raise _unfit(
            f"{_what(package)} is a development version, and {suite.name} is what users follow",
            package,
            "katpkg publish --channel testing",
        )
    if not package.architecture.is_all and package.architecture not in suite.architectures:
        raise _unfit(
            f"{_what(package)} is for {package.architecture}, which {suite.name} does not serve",
            package,
            f"add it to archive.architectures ({', '.join(suite.architectures)})",
        )


def must_not_share_files(found: Iterable[tuple[str, Key, Digest]]) -> None:
    """Raise RepositoryError when two packages would have one file: of each its file's key, its own, and its digest."""
    first: dict[str, tuple[Key, Digest]] = {}
    for filename, key, digest in found:
        other, others = first.setdefault(filename, (key, digest))
        if other != key:
            raise RepositoryError(
                f"{other[0]} {other[1]} and {key[0]} {key[1]} would have one file in the archive",
                where=filename,
                hint="let them differ in more than the epoch",
            )
        if others != digest:
            raise RepositoryError(
                f"there are two files of {key[0]} {key[1]} with different contents",
                where=filename,
                hint="publish one of them",
                details=f"{others}\n{digest}",
            )


def _what(package: BinaryPackage) -> str:
    return f"{package.name} {package.version}"


def _unfit(message: str, package: BinaryPackage, hint: str = "") -> RepositoryError:
    return RepositoryError(message, where=package.filename, hint=hint)


def accepts(suite: SuiteSpec, version: Version) -> bool:
    """Whether ``version`` is for those who follow ``suite``: development versions are for testers."""
    return not (version.is_development and suite.is_stable)
