"""Where everything lies in a repository of RPMs.

A generation is a directory of its own that never changes, for repomd.xml and its signature are two files and could not
be swapped together. Which one clients read stands in one small file, a list of one mirror.
"""

from __future__ import annotations

import re

from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Sha256, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.repository.apt import layout as apt

ROOT = "rpm/"
UP = "../../../../"
"""From a generation's directory to the archive's own."""

_MIRROR = re.compile(r"[^\s]+/generations/(?P<name>[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16})/\n?")
_FILE = re.compile(r"rpm/[^/]+/generations/(?P<name>[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16})/.+")
_REPLACED = re.compile(r"rpm/[^/]+/replaced/(?P<name>[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16})")

generation_name, generation_date = apt.generation_name, apt.generation_date


def pool(suite: SuiteSpec, package: BinaryPackage) -> str:
    """The file of ``package``."""
    return apt.pool_file(suite, package.name, package.filename)


def suite_file(suite: SuiteName, name: str) -> str:
    """A file of the suite."""
    return f"{ROOT}{suite}/{name}"


def mirrorlist(suite: SuiteName) -> str:
    """The commit: which generation clients read."""
    return suite_file(suite, "mirrorlist")


def generation(suite: SuiteName, name: str) -> str:
    """The directory of a generation, which is a whole repository."""
    return suite_file(suite, f"generations/{name}/")


def repomd(suite: SuiteName, name: str) -> str:
    """What names all that a generation has."""
    return f"{generation(suite, name)}repodata/repomd.xml"


def metadata(kind: str, sha256: Sha256) -> str:
    """A metadata file, relative to its generation, as repomd.xml names it."""
    return f"repodata/{sha256}-{kind}.xml.gz"


def replaced(suite: SuiteName, name: str) -> str:
    """What says that a generation was read by clients once, and another has replaced it."""
    return suite_file(suite, f"replaced/{name}")


def render_mirrorlist(uri: str, suite: SuiteName, name: str) -> bytes:
    """The mirror list that leads to a generation."""
    return f"{uri.rstrip('/')}/{generation(suite, name)}\n".encode()


def parse_mirrorlist(content: bytes) -> str:
    """The generation that it leads to. Raises ValueError."""
    found = _MIRROR.fullmatch(content.decode("utf-8", "replace"))
    if found is None:
        raise ValueError("it does not lead to a generation")
    return found["name"]


def generation_of(key: str) -> str | None:
    """The generation whose file ``key`` is; None when it is something else."""
    found = _FILE.fullmatch(key)
    return found["name"] if found else None


def suite_of(key: str) -> str | None:
    """The suite whose state ``key`` is about; None for what is not ours, which may lie there too."""
    parts = key.split("/")
    is_ours = parts[2:] == ["mirrorlist"] or generation_of(key) or replaced_of(key)
    return parts[1] if is_ours else None


def replaced_of(key: str) -> str | None:
    """The generation that ``key`` says was replaced; None when it is something else."""
    found = _REPLACED.fullmatch(key)
    return found["name"] if found else None
