"""The machine that a package's scripts are thought through on: fresh, with the package's files, and what becomes of it.

Fresh means: none of its accounts, no state, nothing that runs, no older version. What an administrator may have
changed is for the real machine to keep, as every format's own means do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

STATE = ("/var/", "/run/", "/etc/", "/srv/", "/home/", "/nonexistent")
"""What a fresh machine has nothing in but what packages bring."""

BOOTED = "/run/systemd/system"

SYSTEM_DIRECTORIES = frozenset(
    [
        *("/", "/bin", "/etc", "/etc/default", "/lib", "/run", "/sbin", "/srv", "/usr", "/usr/bin", "/usr/lib"),
        *("/usr/sbin", "/usr/share", "/usr/share/doc", "/var", "/var/cache", "/var/lib", "/var/log", "/var/spool"),
        BOOTED,
    ]
)

ABSENT = frozenset(["/lib/runit-helper/runit-helper", "/usr/lib/runit-helper/runit-helper"])
"""Programs of Debian's that do nothing where systemd runs."""

PRESENT = frozenset(["/usr/share/debconf/confmodule"])
"""What is asked for before it is used, and is understood here."""

SYSTEM_ACCOUNTS = frozenset(
    [
        *("root", "bin", "daemon", "adm", "lp", "mail", "games", "ftp", "nobody", "sys", "tty", "disk", "kmem"),
        *("users", "utmp", "systemd-journal"),
    ]
)
"""Users and groups that every distribution has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account that a script makes, or needs."""

    name: str
    description: str = ""
    home: str = "/nonexistent"
    group: str = ""
    """Its primary group; its own when empty."""
    groups: tuple[str, ...] = ()
    """Those that it is in besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A file, link or directory."""

    is_directory: bool = False
    mode: int = 0o644
    user: str = "root"
    group: str = "root"
    source: str = ""
    """The file of the package whose copy it is."""
    target: str = ""
    """What a link points to."""
    is_made: bool = False
    """Whether a script makes it."""


@dataclass(slots=True, kw_only=True)
class Machine:
    """What there is, and what the scripts have changed. Copied and compared when nobody knows which way one goes."""

    files: dict[str, Node]
    users: dict[str, User] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    enabled: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    sysusers: set[str] = field(default_factory=set)
    tmpfiles: set[str] = field(default_factory=set)
    transient: set[str] = field(default_factory=set)
    """Paths below /run, and logs: they are made again by whoever writes to them."""
    notes: dict[str, None] = field(default_factory=dict)
    """What is left out, or taken for granted, in the order in which it came up."""

    def copy(self) -> Machine:
        """The same, to be changed apart."""
        return replace(
            self,
            files=dict(self.files),
            users=dict(self.users),
            groups=set(self.groups),
            enabled=set(self.enabled),
            started=set(self.started),
            sysusers=set(self.sysusers),
            tmpfiles=set(self.tmpfiles),
            transient=set(self.transient),
            notes=dict(self.notes),
        )

    def effects(self) -> tuple[object, ...]:
        """What counts when two ways are compared."""
        return (self.files, self.users, self.groups, self.enabled, self.started, self.sysusers, self.tmpfiles)

    def note(self, text: str) -> None:
        """Say once what is left out."""
        self.notes.setdefault(text)

    def has_user(self, name: str) -> bool:
        """Whether there is a user of that name."""
        return name in self.users or name in SYSTEM_ACCOUNTS

    def has_group(self, name: str) -> bool:
        """Whether there is a group of that name: users have one of their own."""
        own = any(user.name == name and not user.group for user in self.users.values())
        return own or name in self.groups or name in SYSTEM_ACCOUNTS

    def exists(self, path: str) -> bool | None:
        """Whether there is something at ``path``; None when nobody knows."""
        path = canonical(path)
        if path in self.files or path in SYSTEM_DIRECTORIES or path in self.transient or path in PRESENT:
            return True
        if path in ABSENT or path.startswith(STATE):
            return False
        return None

    def is_directory(self, path: str) -> bool | None:
        """Whether ``path`` is a directory."""
        path = canonical(path)
        if path in self.files:
            return self.files[path].is_directory
        return self.exists(path)

    def below(self, path: str) -> list[str]:
        """``path`` and all that lies in it."""
        path = canonical(path)
        return [each for each in self.files if each == path or each.startswith(f"{path}/")]

    def make_directory(self, path: str, node: Node) -> None:
        """Make it with its parents, unless it is there."""
        path = canonical(path)
        for parent in reversed(PurePosixPath(path).parents):
            if self.exists(str(parent)) is not True:
                self._make(str(parent), Node(is_directory=True, mode=0o755, is_made=True))
        if self.exists(path) is not True:
            self._make(path, node)

    def _make(self, path: str, node: Node) -> None:
        if is_transient(path):
            self.transient.add(path)
        self.files[path] = node


def canonical(path: str) -> str:
    """``path`` as a machine with one /usr has it."""
    path = f"/{'/'.join(part for part in path.split('/') if part not in ('', '.'))}"
    for old, new in (("/var/run", "/run"), ("/bin", "/usr/bin"), ("/sbin", "/usr/sbin"), ("/lib", "/usr/lib")):
        if path.startswith(f"{old}/"):
            return f"{new}{path.removeprefix(old)}"
    return path


def is_transient(path: str) -> bool:
    """Whether it is gone after a reboot."""
    return path.startswith("/run/")
