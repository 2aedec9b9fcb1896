"""What to build for: a distribution release and an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from katpkg.model.names import Architecture, Codename, Line

MACHINES = {"all": "noarch", "amd64": "x86_64", "arm64": "aarch64", "ppc64el": "ppc64le", "s390x": "s390x"}
"""RPM's name of each of Debian's architectures that a distribution of RPMs is made for."""


class PackageFormat(Enum):
    """What the packages of a release are."""

    DEB = "deb"
    RPM = "rpm"

    def architecture(self, word: str) -> Architecture:
        """The architecture that the format calls ``word``. Raises ValueError."""
        if self is PackageFormat.DEB:
            return Architecture(word)
        for architecture, machine in MACHINES.items():
            if machine == word:
                return Architecture(architecture)
        raise ValueError(f"{word!r} is no architecture of RPMs: one of {', '.join(MACHINES.values())}")

    def word(self, architecture: Architecture) -> str:
        """What the format calls ``architecture``. Raises ValueError."""
        if self is PackageFormat.DEB:
            return str(architecture)
        if architecture not in MACHINES:
            raise ValueError(f"no RPMs are made for {architecture}: one of {', '.join(MACHINES)}")
        return MACHINES[architecture]

    def filename(self, name: str, version: str, architecture: Architecture) -> str:
        """The file of a package; ``version`` is without epoch."""
        if self is PackageFormat.DEB:
            return f"{name}_{version}_{architecture}.deb"
        return f"{name}-{version}.{self.word(architecture)}.rpm"


class Compression(Enum):
    """How the contents of a package are compressed."""

    XZ = "xz"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A distribution release, as far as building for it needs to know it."""

    codename: Codename
    distribution: str
    """debian or ubuntu; el or fedora."""
    version: str
    """The release's number: 12, 24.04."""
    python: str
    """The version of the Python that virtual environments run on, there /usr/bin/python3.11: 3.11."""
    glibc: str
    """The version of its libc; decides which manylinux wheels run there: 2.36."""
    format: PackageFormat = PackageFormat.DEB
    compression: Compression = Compression.XZ
    """How its packages are compressed: xz is what Debian's tools expect, zstd what those of the others do."""
    names: tuple[Line, ...] = ()
    """Of a release of RPMs: what packages are called there that Debian calls otherwise, as ``DEBIAN = NAME``, with no
    name where nothing is needed. Adds to the table that katpkg brings."""

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
        patterns = {"debian": "~deb{}u1", "el": ".el{}", "fedora": ".fc{}"}
        return patterns.get(self.distribution, f"~{self.distribution}{{}}.1").format(self.version)


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
        return f"{self.codename}/{self.release.format.word(self.architecture)}"
