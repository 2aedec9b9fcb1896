"""What katpkg.toml says, once it is read and found right: all that the commands for an archive need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from katpkg.model.names import (
    Architecture,
    BucketUrl,
    ChannelName,
    Codename,
    Component,
    Line,
    PackageName,
    Selector,
    SuiteName,
    VariableName,
)
from katpkg.model.source import SourceSpec
from katpkg.model.store import S3Options
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import Compression, PackageFormat, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSpec:
    """The archive as its users know it. Name, origin, label and keyring never change: clients would refuse it."""

    name: PackageName
    """The product's prefix: /usr/lib/NAME, /etc/NAME, NAME.sources."""
    origin: Line
    label: Line
    description: Line
    uri: Line
    """Where clients find it; goes into the .sources file."""
    maintainer: Line
    """Name <address> of who answers for the packages."""
    architectures: tuple[Architecture, ...]
    """What clients may have: amd64, arm64."""
    component: Component = Component("main")
    keyring: PackageName | None = None
    """The package that brings key and .sources; NAME-archive-keyring when left out."""
    homepage: Line = Line("")

    @property
    def keyring_package(self) -> PackageName:
        """The package that brings key and .sources."""
        return self.keyring or PackageName(f"{self.name}-archive-keyring")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSpec:
    """Whose signature clients accept."""

    public_key: Path
    """The armored public key; every signature made is checked against it, and the keyring package ships it."""
    command: tuple[str, ...] = ()
    """A program that signs instead of gpg, as words; called as gpg is, with --clearsign or --detach-sign at the end."""
    environment: tuple[VariableName, ...] = ()
    """Environment variables that the program may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """How and where packages are built."""

    directory: Path = Path("build")
    """Where built packages go."""
    cache: Path = Path("build/cache")
    """Where verified artifacts are kept by their digest."""
    compression: Compression | None = None
    """Instead of what the target's users expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSpec:
    """Where the archive lives."""

    store: Path = Path("public")
    """A directory."""
    bucket: BucketUrl | None = None
    """An S3 bucket instead: s3://BUCKET/PREFIX. Credentials come from where the AWS tools look for them."""
    s3: S3Options = field(default_factory=S3Options)
    """How to reach the bucket."""
    channels: tuple[ChannelName, ...] = (ChannelName("testing"),)
    """Suites for testers beside that of each release: CODENAME-CHANNEL, which no client follows by itself."""
    valid_days: int = 0
    """How long clients may rely on what was published last; 0: for ever. Needs a daily `katpkg refresh` somewhere."""
    patches: bool = True
    """Whether clients of large indexes can fetch what changed instead of the whole."""
    contents: bool = False
    """Whether clients can ask what file is in what package: apt-file search. Costs a little with each publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSpec:
    """What `katpkg prune` keeps. What none of these keeps goes."""

    versions: int = 3
    """How many versions of each package stay in the indexes, the newest ones; at least one."""
    days: int = 30
    """Versions that were published less than so many days ago stay there too."""
    pinned: tuple[Selector, ...] = ()
    """Packages that stay there whatever their age: NAME, or NAME=VERSION."""
    generations: int = 10
    """How many earlier states of each suite can be gone back to, the newest ones."""
    generation_hours: int = 48
    """Those that were replaced less than so many hours ago can be, too: clients may still be reading them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDefinition:
    """What katpkg.toml says, whole and valid. Every path in it is absolute."""

    directory: Path
    """Where katpkg.toml lies."""
    archive: ArchiveSpec
    signing: SigningSpec
    source: SourceSpec
    """Where artifacts come from, unless a module says otherwise."""
    build: BuildSpec
    publish: PublishSpec
    retention: RetentionSpec
    targets: tuple[Target, ...]
    extended: Path | None = None
    """Where the definition lies that this one is laid over."""

    def file(self, name: str) -> Path:
        """The file ``name`` that the definition brings, or else the one that it extends."""
        own = self.directory / "files" / name
        return own if self.extended is None or own.is_file() else self.extended / "files" / name

    @property
    def lock_file(self) -> Path:
        """Where katpkg.lock lies."""
        return self.directory / "katpkg.lock"

    def suite(self, codename: Codename, channel: str = "") -> SuiteSpec:
        """The suite of ``codename`` that users follow, or the one of ``channel``."""
        return SuiteSpec(
            name=SuiteName(f"{codename}-{channel}" if channel else codename),
            codename=codename,
            component=self.archive.component,
            architectures=self.archive.architectures,
            origin=self.archive.origin,
            label=self.archive.label,
            description=self.archive.description,
            valid_for=timedelta(days=self.publish.valid_days) if self.publish.valid_days else None,
            patches=self.publish.patches,
            contents=self.publish.contents,
            format=self.format(codename),
        )

    def format(self, codename: Codename) -> PackageFormat:
        """What the packages for ``codename`` are."""
        found = (target.release.format for target in self.targets if target.codename == codename)
        return next(found, PackageFormat.DEB)
