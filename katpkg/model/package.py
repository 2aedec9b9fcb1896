"""PackageSpec, the first waist: above it, where bits came from; below it, formats. And what a built package says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from katpkg.model.digests import Digest
from katpkg.model.module import Directory, LintianOverride, Relations
from katpkg.model.names import AbsolutePath, AccountName, Architecture, Line, PackageName, Sha256, UnitName
from katpkg.model.target import Target
from katpkg.model.version import Version

INPUTS_FIELD = "Katpkg-Inputs"
"""The control field that carries the digest of everything a package was built from."""


class EntryKind(Enum):
    """What an entry of a package is."""

    FILE = "file"
    CONFFILE = "conffile"
    """The administrator may edit it, and upgrades keep it (Debian Policy 10.7); in rpm: %config(noreplace)."""
    TREE = "tree"
    """A directory with all below it; modes follow the source's executable bits."""
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A path of the package. ``content`` is its bytes, the file or tree to copy, or what a symlink points to."""

    path: AbsolutePath
    content: bytes | Path | str
    kind: EntryKind = EntryKind.FILE
    mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A systemd unit, rendered."""

    name: UnitName
    suffix: str
    """service or timer."""
    text: str
    enabled: bool
    """Whether installation enables and starts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A locked system user with a group of its own, made at installation and never removed."""

    name: AccountName
    description: Line
    groups: tuple[AccountName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEnvironment:
    """A virtual environment in the package, and the interpreter of the server that it runs on."""

    path: AbsolutePath
    interpreter: AbsolutePath


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSpec:
    """All that goes into one package for one target, whatever its format."""

    name: PackageName
    version: Version
    target: Target
    architecture: Architecture
    """The target's, or all."""
    summary: Line
    description: str
    homepage: Line
    section: Line
    maintainer: Line
    license: Line
    copyright: Line
    relations: Relations
    changes: tuple[Line, ...]
    """The changelog entry of this version, one line a point."""
    built_from: tuple[Line, ...]
    """Where its bits came from, for /usr/share/doc: artifact, origin, digest."""
    inputs: Sha256
    """Digest of everything it is built from; equal inputs are built and published once."""
    source_date_epoch: int
    entries: tuple[Entry, ...] = ()
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()
    directories: tuple[Directory, ...] = ()
    virtual_environment: VirtualEnvironment | None = None
    lintian: tuple[LintianOverride, ...] = ()


Members = Callable[[], tuple[str, ...]]
"""Reads the paths of a package's files, links and directories, absolute and sorted; directories end in a slash.

They are read when somebody asks: few do, and a virtual environment has ten thousand. May raise BuildError.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryPackage:
    """A built package, known by reading the built file back."""

    path: Path
    digest: Digest
    fields: Mapping[str, str]
    """Its control fields, in their order."""
    members: Members = field(repr=False, compare=False)

    @property
    def name(self) -> PackageName:
        """The package's name."""
        return PackageName(self.fields["Package"])

    @property
    def version(self) -> Version:
        """Its version."""
        return Version(self.fields["Version"])

    @property
    def architecture(self) -> Architecture:
        """Its architecture."""
        return Architecture(self.fields["Architecture"])

    @property
    def inputs(self) -> str:
        """The digest of what it was built from; empty for packages made elsewhere."""
        return self.fields.get(INPUTS_FIELD, "")

    @property
    def filename(self) -> str:
        """Its name in the archive, which follows from its control file and from nothing else."""
        return f"{self.name}_{self.version.without_epoch}_{self.architecture}.deb"
