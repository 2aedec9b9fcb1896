"""PackageSpec, the first waist: above it, where bits came from; below it, formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from katpkg.model.module import Directory, LintianOverride, Relations
from katpkg.model.names import AbsolutePath, AccountName, Architecture, Line, PackageName, Sha256, UnitName
from katpkg.model.target import Target
from katpkg.model.version import Version

NOWHERE = AbsolutePath("/nonexistent")


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


class Starting(Enum):
    """Who starts a package's units."""

    INSTALLATION = "installation"
    SETUP = "setup"
    """katctl, once all that they need is there; and it stops them before an upgrade."""
    TRIGGER = "trigger"
    """The package's own trigger: for what sets up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingUp:
    """What a package does that sets up the others, whenever one of them came, changed or went."""

    watched: AbsolutePath
    """The directory in which each of them has a file."""
    state: AbsolutePath
    """Its own directory, where a file ``unfinished`` stands until all is set up."""
    unit: UnitName
    """The service that does it."""
    interpreter: AbsolutePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A locked system user with a group of its own, made at installation and never removed."""

    name: AccountName
    description: Line
    groups: tuple[AccountName, ...] = ()
    home: AbsolutePath = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What a package's scripts have to know where katctl sets servers up."""

    descriptors: AbsolutePath
    """The directory that katctl's trigger is on."""
    descriptor: AbsolutePath
    """The package's own file there; when it is absent, an older version is somebody else's."""
    etc: AbsolutePath
    settings: tuple[AbsolutePath, ...]
    """Files of settings that katctl makes; purge removes them."""
    aside: AbsolutePath
    """Where conffiles go that this version has no longer; katctl takes over what they say."""
    question: Line
    """debconf's question whether purge deletes data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEnvironment:
    """A virtual environment in the package, and the interpreter of the server that it runs on."""

    path: AbsolutePath
    interpreter: AbsolutePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Whose a path is, and who may do what with it, where that is not as usual."""

    path: AbsolutePath
    user: AccountName
    group: AccountName
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What only a package has that somebody else made, and that was converted."""

    attributes: tuple[Attributes, ...] = ()
    elsewhere: frozenset[AbsolutePath] = frozenset()
    """Directories whose attributes another package has, with which it is converted."""
    tmpfiles: tuple[Line, ...] = ()
    """Its own files in tmpfiles.d that installation applies."""
    libraries: tuple[Line, ...] = ()
    """What its programs ask the dynamic linker for, as every distribution of RPMs calls it: libssl.so.3()(64bit)."""


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
    starting: Starting = Starting.INSTALLATION
    setting_up: SettingUp | None = None
    upkeep: Upkeep | None = None
    """Set where katctl starts the units."""
    foreign: Foreign = Foreign()
    extra: Mapping[str, str] = field(default_factory=dict)
    """Files of debian/ that follow from nothing else, by what comes after the package's name: config, postinst. An RPM
    has what ``setting_up`` says instead."""
