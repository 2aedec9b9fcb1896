"""What the packages of a product say about themselves, as nouns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How to tell that a service is well: by what it answers, or by its being at work on a queue."""

    url: str = ""
    form: tuple[str, ...] = ()
    """NAME=SETTING pairs: posted with the settings' values."""
    status: int = 200
    contains: str = ""
    lacks: str = ""
    each_in: str = ""
    each_url: str = ""
    """Asked besides, for each directory in there."""
    queue: str = ""
    """A queue of the broker that somebody must be taking from."""
    patience: int = 30
    """Seconds that it may take after a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A systemd service."""

    name: str
    description: str
    account: str
    after: tuple[str, ...] = ()
    calendar: str = ""
    condition: str = ""
    roles: tuple[str, ...] = ()
    """Those that run it, on several hosts; all that have the module when empty."""
    health: Probe | None = None

    @property
    def unit(self) -> str:
        """The unit that is enabled and started: the service, or the timer that starts it."""
        return f"{self.name}.timer" if self.calendar else f"{self.name}.service"

    @property
    def is_possible(self) -> bool:
        """Whether the path that it needs is there."""
        return not self.condition or Path(self.condition).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An environment variable that the services of a module read."""

    name: str
    meaning: str
    default: str | None = None
    required: bool = False
    secret: bool = False
    prefix: bool = False
    """Whether it stands for all whose names begin with its own."""
    shared: str = ""
    fill: str = ""
    """How its value is made: text with holes in braces, which answers.py fills."""
    was: str = ""
    """How it was said before there was a set-up: text in which names of other variables stand in braces."""

    def covers(self, name: str) -> bool:
        """Whether the variable ``name`` is it, or one of those that it stands for."""
        return name.startswith(self.name) if self.prefix else name == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A PostgreSQL database and the role that owns it."""

    name: str
    role: str
    connections: int = 0
    """How many the module opens at most."""

    @property
    def key(self) -> str:
        """What it is remembered by: that it is ours."""
        return f"{self.name}/{self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A command that brings a module's data to the installed version."""

    name: str
    exec: str
    user: str
    directory: str = ""
    after: tuple[str, ...] = ()
    """Modules whose services must be up first."""
    once: bool = False
    """Whether it is for the first time alone."""
    before: str = ""
    """Numbers of the version: for data that an older one left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory of data."""

    path: str
    user: str
    mode: str = "0750"
    backup: bool = False
    upgrade: bool = False
    """Whether the backup before an upgrade has it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A component of the product that is installed here."""

    name: str
    package: str
    services: tuple[Service, ...] = ()
    settings: tuple[Setting, ...] = ()
    directories: tuple[Directory, ...] = ()
    database: Database | None = None
    queue: bool = False
    migrations: tuple[Migration, ...] = ()
    is_home: bool = True
    """Whether its data is this host's to migrate and back up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What is installed together on one host of several."""

    name: str
    package: str
    modules: tuple[str, ...]

    @property
    def key(self) -> str:
        """What stands for it in a file of settings."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a machine must have at least."""

    memory: int = 0
    """MiB."""
    disk: int = 0
    """MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """All that is installed here, and where it keeps its things; below ``root`` when that is not /."""

    name: str
    module: str
    """The module that brought katctl; its settings are the product's own."""
    package: str
    """What that came in."""
    version: str
    needs: Needs
    modules: tuple[Module, ...] = ()
    roles: tuple[Role, ...] = ()
    census: tuple[Module, ...] = ()
    """All modules that there are, here or on other hosts, as far as the others must know them."""
    root: Path = Path("/")

    @property
    def around(self) -> list[str]:
        """The packages around the modules: what brought katctl, and the meta packages, whether they are here or not."""
        return [self.package, *(role.package for role in self.roles)]

    @property
    def known(self) -> list[Module]:
        """Those that are installed here, and the others."""
        here = {module.name for module in self.modules}
        return [*self.modules, *(module for module in self.census if module.name not in here)]

    @property
    def lib(self) -> Path:
        """What packages say about it, and katctl itself."""
        return self.root / "usr/lib" / self.name

    @property
    def state(self) -> Path:
        """What setting up remembers."""
        return self.root / "var/lib" / self.name

    @property
    def etc(self) -> Path:
        """The administrator's own words."""
        return self.root / "etc" / self.name

    def aside(self, package: str) -> Path:
        """Where the scripts of ``package`` put conffiles that it has no longer."""
        return self.state / "aside" / package

    @property
    def backups(self) -> Path:
        """Where backups go."""
        return self.root / "var/backups" / self.name

    def defaults_file(self, module: str) -> Path:
        """Shipped values."""
        return self.lib / f"{module}.defaults"

    def generated_file(self, module: str) -> Path:
        """Values that were made here."""
        return self.state / f"config/{module}.env"

    def administrator_file(self, module: str) -> Path:
        """The administrator's own words, which win."""
        return self.etc / f"{module}.conf"

    @property
    def services(self) -> Iterator[tuple[Module, Service]]:
        """Every service with its module."""
        return ((module, service) for module in self.modules for service in module.services)
