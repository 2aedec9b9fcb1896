"""What runs on a server: services, how to tell that they are well, and what they read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from katpkg.model.names import AccountName, Line, ModuleName, Network, UnitName, VariableName


class Sandbox(Enum):
    """How far systemd fences a service in."""

    STRICT = "strict"
    """All that systemd has; the network is the local host's."""
    NETWORK = "network"
    """The same, with the whole network."""
    JIT = "jit"
    """As network, for programs that write code at run time (a JVM, cffi callbacks)."""
    OFF = "off"
    """None; say why in the descriptor."""


class Restart(Enum):
    """When systemd starts a service that ended again."""

    ON_FAILURE = "on-failure"
    ALWAYS = "always"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A probe that proves something: an answer, or that a queue is being worked on."""

    url: Line = Line("")
    """Asked from the same host; {NAME} stands for the value of the module's setting of that name."""
    form: tuple[Line, ...] = ()
    """NAME=SETTING pairs: a form that is posted to it, with the values of the module's settings."""
    queue: Line = Line("")
    """Instead of a URL: a queue of the message broker that somebody must be taking from."""
    status: int = 200
    """The HTTP status of a healthy service; 0: any will do."""
    contains: Line = Line("")
    """Text that the answer holds when the service is well; empty: any answer will do."""
    lacks: Line = Line("")
    """Text that the answer holds when the service is not well, whatever else it says."""
    each_in: Line = Line("")
    """A directory; ``each_url`` is asked besides for each directory in it, and its answer judged alike."""
    each_url: Line = Line("")
    """That URL; * stands for the directory's name."""
    patience: int = 30
    """Seconds that the service may take from its start until it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One systemd service. {venv}, {lib}, {etc}, {state} and {python} in its lines stand for the package's places."""

    name: UnitName
    """The unit's name without .service."""
    description: Line
    """What ``systemctl status`` calls it."""
    exec: Line
    """The command line, absolute."""
    user: AccountName | None = None
    """The account it runs as; its own, named as the unit, when left out."""
    groups: tuple[AccountName, ...] = ()
    """Further groups of that service alone."""
    directory: Line = Line("")
    """The working directory; / when left out."""
    after: tuple[Line, ...] = ()
    """Units that start before it when they start at all (network.target always does)."""
    wants: tuple[Line, ...] = ()
    """Units that are started with it."""
    restart: Restart = Restart.ON_FAILURE
    """When it is started again after it ended; three seconds pass first."""
    oneshot: bool = False
    """Whether it does its work and ends."""
    calendar: Line = Line("")
    """When a timer starts it (systemd.time(7)); it then does not start by itself."""
    condition: Line = Line("")
    """A path without which it stays inactive, and says so."""
    environment: tuple[Line, ...] = ()
    """Fixed NAME=value pairs."""
    success_status: tuple[int, ...] = ()
    """Exit statuses that are no failure, besides 0: a Java machine that is told to stop ends with 143."""
    open_files: int = 0
    """How many files and connections it may have open at a time; 0: what systemd gives to all."""
    umask: str = "0077"
    """What nobody else may do with the files that it makes, in octal; 0022 when others are to read them."""
    sandbox: Sandbox = Sandbox.STRICT
    """How far it is fenced in."""
    peers: tuple[Network, ...] = ()
    """Networks that it may reach and be reached from besides the local host, where the sandbox is strict."""
    roles: tuple[ModuleName, ...] = ()
    """On several hosts, the meta packages whose hosts run it; all that pull its module in when left out."""
    health: Health | None = None
    """How to tell that it is well."""

    @property
    def account(self) -> AccountName:
        """The account it runs as."""
        return self.user or AccountName(self.name)

    @property
    def starts_by_itself(self) -> bool:
        """Whether it runs from boot on, rather than when its timer says."""
        return not self.calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An environment variable that the module's services read."""

    name: VariableName
    meaning: Line
    """What the administrator is told about it."""
    default: Line | None = None
    """What we ship; none: the program's own default, or a value that set-up fills in."""
    required: bool = False
    """Whether the service does not work without a value."""
    secret: bool = False
    """Whether nobody but the service may read it."""
    prefix: bool = False
    """Whether it stands for all variables whose names begin with its own; the administrator alone sets those."""
    shared: Line = Line("")
    """The name under which several modules share one value."""
    fill: Line = Line("")
    """How set-up makes its value: text in which {secret}, {database}, {queue}, {host} and {email} stand for a secret
    made once, the URLs of the module's database and of the message broker, and what the administrator answered;
    {address of SERVICE} for the address of the host that runs it, when there are several; {interface NAME} for the
    IPv4 address of a network interface. What is not known leaves the default in force."""
    was: Line = Line("")
    """How a package that others built under this name says its value: text in which names of its settings stand in
    braces. Set-up takes it over from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command for the administrator: a wrapper in /usr/bin that runs with the module's settings and account."""

    name: Line
    exec: Line
    """What it runs; arguments are appended."""
    user: AccountName | None = None
    """The account it runs as; the caller's when left out."""
    directory: Line = Line("")
    """The working directory; the caller's when left out."""
