"""Publication, the second waist: the writes that turn an archive's present state into the next, in their order.

It is data: ``--dry-run`` prints it, tests assert it, ``store.apply`` performs it. The order of phases is law: all
that a commit names is there before the commit is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NewType

from katpkg.model.digests import Digest

Token = NewType("Token", str)
"""What a store says about the bytes under a key, so that a later write can demand they are still the same."""


class Phase(IntEnum):
    """The order in which a publication is carried out."""

    POOL = 1
    """Packages: immutable once written."""
    INDEX = 2
    """Indexes under their digests, and the InRelease that is about to be replaced: immutable too."""
    COMMIT = 3
    """InRelease, if it is still what the plan was made from: this makes the new state visible."""
    COPIES = 4
    """Release, Release.gpg, Packages*: what InRelease makes superfluous, for old clients and for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Write under a key that is free, or that holds these very bytes already; anything else is an error."""

    phase: Phase
    key: str
    content: bytes | Path
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write ``content`` if the key still holds what ``token`` stands for; None: if it is free."""

    key: str
    content: bytes
    token: Token | None
    phase: Phase = Phase.COMMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Write, whatever is there."""

    key: str
    content: bytes
    phase: Phase = Phase.COPIES


Action = Create | Commit | Replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The actions, sorted by phase. Empty when nothing changes."""

    title: str
    """What it publishes where: ``bookworm: kat-kinto 26.5.0-1~deb12u1, …``."""
    actions: tuple[Action, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.actions)


def describe(action: Action) -> str:
    """The action in one line, for people: what ``--dry-run`` prints."""
    match action:
        case Create(phase=phase, key=key, digest=digest):
            return f"{phase.name.lower():6} create  {key} ({digest.size} bytes)"
        case Commit(phase=phase, key=key, content=content):
            return f"{phase.name.lower():6} commit  {key} ({len(content)} bytes)"
        case Replace(phase=phase, key=key, content=content):
            return f"{phase.name.lower():6} replace {key} ({len(content)} bytes)"
