"""What setting up remembers between its calls, and the lock that lets one katctl work at a time."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from katctl import files
from katctl.errors import StepFailed
from katctl.model import Migration, Module


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where setting up stopped, in words for a person."""

    step: str
    message: str
    hint: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """An upgrade that has begun: new code may be unpacked, and services are stopped."""

    backup: str
    """The file that holds the data as it was before; empty when there was none."""
    versions: Mapping[str, str]
    """The packages as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is remembered."""

    upgrade: Upgrade | None = None
    failure: Failure | None = None
    restoring: str = ""
    """The backup whose restoration has begun."""
    confining: bool = False
    """Whether the broker of this host is about to be bound to the loopback."""
    migrated: Mapping[str, str] = field(default_factory=dict)
    """For each migration, the version of the package that it was done for."""
    left_by: Mapping[str, str] = field(default_factory=dict)
    """For each package, the version that left the data which is to be migrated; none where data is new."""
    started: Mapping[str, str] = field(default_factory=dict)
    """For each service, the digest of the settings it was started with."""
    enabled: tuple[str, ...] = ()
    """Units that were enabled once; from then on that is the administrator's."""
    around: Mapping[str, str] = field(default_factory=dict)
    """The packages around the modules when all was well: dpkg unpacks a meta package before any script asks us."""
    databases: tuple[str, ...] = ()
    """Databases and roles (DATABASE/ROLE) of this host that are ours."""
    directories: tuple[str, ...] = ()
    """Directories of data; purge deletes them when the administrator says so."""


def key_of(module: Module, migration: Migration) -> str:
    """What a migration is remembered by."""
    return f"{module.name}: {migration.name}"


class Memory:
    """Keeps the state in a file; ``change`` and ``add`` are the only ways to alter it."""

    def __init__(self, directory: Path, tell: Callable[[str], None]) -> None:
        self._path = directory / "state.json"
        self._lock = directory / "lock"
        self._tell = tell

    @property
    def state(self) -> State:
        """What is remembered now. Raises StepFailed for a damaged file: what was done once must not be done again."""
        try:
            content = json.loads(files.read(self._path) if self._path.exists() else "{}")
        except ValueError as error:
            hint = f"rm {self._path} && katctl setup; what is done for new data alone is then done again"
            raise StepFailed("what set-up remembers is damaged", where=str(self._path), hint=hint) from error
        return State(
            upgrade=Upgrade(**content["upgrade"]) if content.get("upgrade") else None,
            failure=Failure(**content["failure"]) if content.get("failure") else None,
            restoring=content.get("restoring", ""),
            confining=content.get("confining", False),
            migrated=content.get("migrated", {}),
            left_by=content.get("left_by", {}),
            started=content.get("started", {}),
            enabled=tuple(content.get("enabled", ())),
            around=content.get("around", {}),
            databases=tuple(content.get("databases", ())),
            directories=tuple(content.get("directories", ())),
        )

    def change(self, **changes: Any) -> None:  # noqa: ANN401
        """Remember ``changes``, in place of what was known."""
        state = replace(self.state, **changes)
        files.write(self._path, json.dumps(asdict(state), indent=2) + "\n")

    def add(self, **more: Iterable[str]) -> None:
        """Remember ``more`` besides what is known."""
        state = self.state
        self.change(**{name: tuple(sorted({*getattr(state, name), *each})) for name, each in more.items()})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While open, no other katctl changes anything; waits for one that does, and says for which."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+") as file:
            self._wait_for(file)
            file.truncate(0)
            file.write(f"{' '.join(['katctl', *sys.argv[1:]])} (process {os.getpid()})")
            file.flush()
            yield

    def _wait_for(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            self._tell(f"waiting for another one to end: {lock.read()}")
            fcntl.flock(lock, fcntl.LOCK_EX)
