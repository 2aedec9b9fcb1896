"""Where everything lies in an apt archive."""

from __future__ import annotations

from datetime import datetime

from katpkg.model.names import Architecture, Sha256
from katpkg.model.package import BinaryPackage
from katpkg.model.suite import SuiteSpec

STAMP = "%Y%m%dT%H%M%SZ"


def pool(suite: SuiteSpec, package: BinaryPackage) -> str:
    """The file of ``package``: below its source package, as in Debian's own pool."""
    source = package.fields.get("Source", package.name).split(" ")[0]
    prefix = source[:4] if source.startswith("lib") else source[0]
    return f"pool/{suite.codename}/{suite.component}/{prefix}/{source}/{package.filename}"


def dists(suite: SuiteSpec, name: str) -> str:
    """A file of the suite: InRelease, Release, Release.gpg."""
    return f"dists/{suite.name}/{name}"


def packages(suite: SuiteSpec, architecture: Architecture) -> str:
    """An architecture's index, relative to the suite's directory, as Release lists it."""
    return f"{suite.component}/binary-{architecture}/Packages"


def by_hash(suite: SuiteSpec, index: str, sha256: Sha256) -> str:
    """Where the index file ``index`` (as Release lists it) lies under its digest."""
    return dists(suite, f"{index.rpartition('/')[0]}/by-hash/SHA256/{sha256}")


def generation(suite: SuiteSpec, date: datetime, sha256: Sha256) -> str:
    """Where the InRelease of ``date`` is kept once another has replaced it."""
    return dists(suite, f"generations/{date.strftime(STAMP)}-{sha256[:16]}/InRelease")
