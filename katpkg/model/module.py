"""What to package: everything that one file under ``modules/`` says about a module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from katpkg.model.names import AbsolutePath, AccountName, Codename, Line, ModuleName, PackageName, Sha256
from katpkg.model.payload import DebPayload, MetaPayload, PayloadKind, SetupPayload
from katpkg.model.service import Command, Service, Setting
from katpkg.model.source import SourceSpec

PLACEHOLDERS = ("venv", "lib", "etc", "state", "config", "site_packages", "python", "module", "package")
"""What descriptors may write in braces for where things lie on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Relations to other packages, in dpkg's syntax (Debian Policy 7)."""

    depends: tuple[Line, ...] = ()
    recommends: tuple[Line, ...] = ()
    suggests: tuple[Line, ...] = ()
    conflicts: tuple[Line, ...] = ()
    breaks: tuple[Line, ...] = ()
    replaces: tuple[Line, ...] = ()
    provides: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRule:
    """How to recognise the module's artifact for a target."""

    name: Line
    """Its name with {version}, and {codename}, {distribution}, {release}, {architecture} for the target's."""
    version: Line = Line("")
    """Which version: empty for the newest there is."""
    beside: tuple[Line, ...] = ()
    """Further artifacts by their names: what CI uploads apart, an environment and the module that runs in it. They are
    of the same version, from GitHub of the same run too, and their files lie beside those of the first."""
    asset: Line = Line("")
    """The asset of a release that holds the same, by name: taken when the run's artifact has expired."""
    sha256: Sha256 | None = None
    """What its digest must be, whatever the source says; a web server needs it."""
    attestation: Literal["off", "warn", "require"] = "off"
    """Whether a build attestation must prove that the workflow made what is packaged; warn only says when none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that the definition itself brings: configuration of the module, a logging setup."""

    path: AbsolutePath
    source: str
    """A path below ``files/`` beside katpkg.toml."""
    mode: str = "0644"
    """In octal."""
    conffile: bool = False
    """Whether the administrator may edit it; then it lies under /etc and upgrades keep it (Debian Policy 10.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory of state, cache or logs that the package owns and purge removes."""

    path: AbsolutePath
    user: AccountName
    mode: str = "0750"
    """In octal."""
    backup: bool = False
    """Whether a backup of the system includes it. Where there is a set-up, purge then asks before it removes it."""
    upgrade: bool = False
    """Whether the backup before an upgrade includes it, too: what programs change, and do not only add to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A PostgreSQL database that the module owns."""

    name: Line
    role: Line
    """Its owner; a setting whose ``fill`` has {database} gets the URL."""
    connections: int = 0
    """How many the module opens at most: the pools of all its processes. PostgreSQL is made to take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A command that brings the module's data to the installed version; doing it twice changes nothing."""

    name: Line
    exec: Line
    user: AccountName
    directory: Line = Line("")
    after: tuple[ModuleName, ...] = ()
    """Modules whose services must be up first."""
    once: bool = False
    """Whether it is done when the module is installed for the first time, and never again."""
    before: Line = Line("")
    """Numbers of a version: it is done for data that an older one left, once, and for no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintianOverride:
    """A finding of lintian that is right as it is, and why."""

    tag: Line
    reason: Line
    context: Line = Line("")
    """What follows the tag in lintian's report; * matches anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSpec:
    """One module, as it is packaged for one target."""

    name: ModuleName
    package: PackageName
    """The binary package that is made of it."""
    summary: Line
    """The first line of the package's description: at most 80 characters, no article, no full stop."""
    description: str
    """The rest of it: paragraphs, wrapped as you like."""
    license: Line
    """SPDX identifier of the software that is packaged."""
    copyright: Line
    """Who holds it, with years: 2021-2026 Ministry of Health."""
    payload: PayloadKind
    """What the artifact is made of."""
    artifact: ArtifactRule | None = None
    """How to recognise it; a meta package and the set-up have none."""
    source: SourceSpec | None = None
    """Where it comes from, when that is not where katpkg.toml says."""
    codenames: tuple[Codename, ...] = ()
    """The releases it is built for; all of the archive's when left out."""
    architecture: Literal["any", "all", ""] = ""
    """Whether it is built per architecture; left out: any for wheels, virtual environments and
    .debs, all for the rest."""
    homepage: Line = Line("")
    section: Line = Line("net")
    relations: Relations = field(default_factory=Relations)
    services: tuple[Service, ...] = ()
    settings: tuple[Setting, ...] = ()
    commands: tuple[Command, ...] = ()
    files: tuple[File, ...] = ()
    directories: tuple[Directory, ...] = ()
    database: Database | None = None
    queue: bool = False
    """Whether it needs the message broker."""
    migrations: tuple[Migration, ...] = ()
    accept_vanished: tuple[str, ...] = ()
    """Patterns of paths that the next version may do without."""
    lintian: tuple[LintianOverride, ...] = ()

    @property
    def is_meta(self) -> bool:
        """Whether it has no files of its own."""
        return isinstance(self.payload, MetaPayload)

    @property
    def is_setup(self) -> bool:
        """Whether it is what sets servers up."""
        return isinstance(self.payload, SetupPayload)

    @property
    def needs_artifact(self) -> bool:
        """Whether something that was built elsewhere goes into it."""
        return not isinstance(self.payload, MetaPayload | SetupPayload)

    @property
    def is_published_as_it_is(self) -> bool:
        """Whether its artifact is a finished package."""
        return isinstance(self.payload, DebPayload) and not self.payload.repack

    def builds_for(self, codename: Codename) -> bool:
        """Whether it is packaged for that release."""
        return not self.codenames or codename in self.codenames
