"""Where everything lies in an apt archive."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Architecture, Component, Sha256, SuiteName
from katpkg.model.suite import SuiteSpec

STAMP = "%Y%m%dT%H%M%SZ"

_PLAIN = re.compile(r"(?P<component>.+)/(binary-(?P<architecture>[^/]+)/Packages|Contents-[^/.]+)")
_GENERATION = re.compile(r"dists/[^/]+/generations/([0-9]{8}T[0-9]{6}Z-[0-9a-f]{16})/InRelease")


def pool(suite: SuiteSpec, package: BinaryPackage) -> str:
    """The file of ``package``: below its source package, as in Debian's own pool."""
    return pool_file(suite, package.source, package.filename)


def pool_file(suite: SuiteSpec, source: str, filename: str) -> str:
    """A file of the source package ``source``."""
    prefix = source[:4] if source.startswith("lib") else source[0]
    return f"pool/{suite.codename}/{suite.component}/{prefix}/{source}/{filename}"


def dists(suite: SuiteName, name: str) -> str:
    """A file of the suite: InRelease, Release, Release.gpg, or an index as Release lists it."""
    return f"dists/{suite}/{name}"


def packages(component: Component, architecture: Architecture) -> str:
    """An architecture's index, relative to the suite's directory, as Release lists it."""
    return f"{component}/binary-{architecture}/Packages"


def contents(component: Component, architecture: Architecture) -> str:
    """An architecture's Contents, as Release lists it."""
    return f"{component}/Contents-{architecture}"


def shelf_of(path: str) -> tuple[Component, Architecture] | None:
    """What the index of packages ``path``, as Release lists it, is about; None when it is another file."""
    found = _PLAIN.fullmatch(path)
    if not found or not found["architecture"]:
        return None
    return Component(found["component"]), Architecture(found["architecture"])


def is_plain(path: str) -> bool:
    """Whether ``path`` is an index as clients unpack it, which Release lists and nobody stores."""
    return _PLAIN.fullmatch(path) is not None


def is_contents(path: str) -> bool:
    """Whether ``path`` is Contents, as clients unpack it or as it is stored."""
    return path.rpartition("/")[2].startswith("Contents-")


def by_hash(suite: SuiteName, index: str, sha256: Sha256) -> str:
    """Where the index file ``index`` (as Release lists it) lies under its digest."""
    return dists(suite, f"{index.rpartition('/')[0]}/by-hash/SHA256/{sha256}")


def patch_index(index: str) -> str:
    """Where the list of patches of ``index`` lies, as Release lists it."""
    return f"{index}.diff/Index"


def patch(suite: SuiteName, index: str, name: str) -> str:
    """The patch ``name`` of ``index``."""
    return dists(suite, f"{index}.diff/{name}.gz")


def generation_name(date: datetime, sha256: Sha256) -> str:
    """What history calls the generation of ``date``, whose InRelease has that digest."""
    return f"{date.strftime(STAMP)}-{sha256[:16]}"


def generation(suite: SuiteName, name: str) -> str:
    """Where the InRelease of a generation is kept once another has replaced it."""
    return dists(suite, f"generations/{name}/InRelease")


def generation_of(key: str) -> str | None:
    """The name of the generation whose InRelease lies at ``key``; None when it is something else."""
    found = _GENERATION.fullmatch(key)
    return found[1] if found else None


def generation_date(name: str) -> datetime:
    """The Date of the generation ``name``."""
    return datetime.strptime(name.partition("-")[0], STAMP).replace(tzinfo=UTC)
