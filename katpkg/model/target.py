"""What to build for: a distribution release and an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from katpkg.model.names import Architecture, Codename


class Compression(Enum):
    """How the members of a .deb are compressed."""

    XZ = "xz"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A distribution release, as far as building for it needs to know it."""

    codename: Codename
    distribution: str
    """debian or ubuntu."""
    version: str
    """The release's number: 12, 24.04."""
    python: str
    """The version of its python3: 3.11."""
    glibc: str
    """The version of its libc6; decides which manylinux wheels run there: 2.36."""
    compression: Compression = Compression.XZ
    """How its .debs are compressed: xz is what Debian's tools expect, zstd what Ubuntu's do."""

    @property
    def python_version(self) -> tuple[int, int]:
        """(3, 11)."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def glibc_version(self) -> tuple[int, int]:
        """(2, 36)."""
        major, minor = self.glibc.split(".")
        return int(major), int(minor)

    @property
    def revision_suffix(self) -> str:
        """What a revision for this release ends in, so that a distribution upgrade upgrades the package."""
        return f"~deb{self.version}u1" if self.distribution == "debian" else f"~{self.distribution}{self.version}.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A release and an architecture: bookworm/amd64."""

    release: Release
    architecture: Architecture

    @property
    def codename(self) -> Codename:
        """The release's codename."""
        return self.release.codename

    def __str__(self) -> str:
        return f"{self.codename}/{self.architecture}"
