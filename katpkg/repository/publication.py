"""Publication, the second waist: the writes that turn an archive's present state into the next, in their order.

It is data: ``--dry-run`` prints it, tests assert it, ``store.apply`` performs it. The order of phases is law: all
that a commit names is there before the commit is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
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
    KEEP = 5
    """Packages that only generations name which go now: from now on their age counts."""
    FORGET = 6
    """Generations that go: before all else, so that history never offers one that is not whole."""
    UNLIST = 7
    """Indexes that no generation names: before what they list."""
    PRUNE = 8
    """Packages that no index names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Write under a key that is free, or that holds these very bytes already; anything else is an error."""

    phase: Phase
    key: str
    content: bytes | str
    """The bytes, or the path of a file. It is a text, because fifty thousand Paths take 25 MB more."""
    digest: Digest

    @property
    def size(self) -> int:
        """Bytes to write."""
        return self.digest.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Rely:
    """Make sure of an object that is there already: it must not be about to be pruned."""

    phase: Phase
    key: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write ``content`` if the key still holds what ``token`` stands for; None: if it is free."""

    key: str
    content: bytes
    token: Token | None
    moment: datetime
    """Its Date; the commit is not made before it has come."""
    phase: Phase = Phase.COMMIT

    @property
    def size(self) -> int:
        """Bytes to write."""
        return len(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Write, if what is there is ``before``; None: if nothing is there."""

    key: str
    content: bytes
    before: bytes | None
    """What lay there when it was planned."""
    phase: Phase = Phase.COPIES

    @property
    def size(self) -> int:
        """Bytes to write."""
        return len(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write, whatever is there."""

    key: str
    content: bytes
    phase: Phase = Phase.COPIES

    @property
    def size(self) -> int:
        """Bytes to write."""
        return len(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Remove, unless somebody renewed it meanwhile: he relies on it."""

    phase: Phase
    key: str
    size: int
    """Bytes that it frees."""
    modified: datetime
    """When it was last written, as far as the plan knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Make it as young as if it was written now, if it is there."""

    key: str
    phase: Phase = Phase.KEEP
    size: int = 0


Action = Create | Rely | Commit | Replace | Put | Delete | Renew


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The actions, sorted by phase. Empty when nothing changes."""

    title: str
    """What it publishes where: ``bookworm: kat-kinto 26.5.0-1~deb12u1, …``."""
    actions: Sequence[Action] = ()

    def __bool__(self) -> bool:
        return bool(self.actions)

    def of(self, *phases: Phase) -> list[Action]:
        """The actions of ``phases``."""
        return [action for action in self.actions if action.phase in phases]


def describe(action: Action) -> str:
    """The action in one line, for people: what ``--dry-run`` prints."""
    return f"{action.phase.name.lower():6} {type(action).__name__.lower():7} {action.key} ({action.size} bytes)"
