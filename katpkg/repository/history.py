"""The earlier states of a suite, as far as they are kept: when each was published, and what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Generic, Protocol, Self, TypeVar

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.names import SuiteName
from katpkg.repository.apt.layout import generation_date
from katpkg.repository.base import Archive, Reader, Verifier
from katpkg.repository.published import Key


class State(Protocol):
    """A committed state of a suite, in any format."""

    @property
    def name(self) -> str:
        """What history calls it."""

    @property
    def date(self) -> datetime:
        """When it was published."""

    def needs(self) -> Iterable[str]:
        """The keys of the archive without which it cannot be gone back to."""

    def keys_unlike(self, reader: Reader, other: Self) -> set[Key]:
        """Its packages, but for those that ``other`` is known to have as well. Raises RepositoryError."""


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Generic[S]):
    """A state of a suite: the published one, or one before it."""

    name: str
    date: datetime
    is_current: bool
    lost: str
    """Why it cannot be gone back to; empty when it can."""
    generation: S | None
    """None when it is not one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a state has and the one before has not, and the other way round; as ``NAME VERSION``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Generic[S]):
    """Where a format keeps the states of a suite, and how they are read."""

    place: Callable[[SuiteName, str], str]
    """The key of a file that belongs to a suite."""
    folder: str
    """Where the traces of earlier states lie, among those files."""
    name_of: Callable[[str], str | None]
    """The state that a key is the trace of; None when it is something else."""
    current: Callable[[Reader, Verifier, SuiteName], S | None]
    read: Callable[[Reader, Verifier, SuiteName, str], S | None]
    """The state of a name. Both raise SigningError when we did not sign it, RepositoryError when it is not whole."""

    def states(self, archive: Archive, verifier: Verifier, suite: SuiteName, last: int | None = None) -> list[Past[S]]:
        """The states of ``suite``, the newest first, ``last`` at most; none when nothing is published.

        Reads what was signed, and no index: whether those are there is seen from a listing.
        """
        current = self.current(archive, verifier, suite)
        keys = {each.key for each in archive.list(self.place(suite, ""))}
        names = sorted({name for key in keys if (name := self.name_of(key))}, reverse=True)
        states = [_state(current, keys, is_current=True)] if current else []
        before = (name for name in names if not current or name != current.name)
        earlier = (self._earlier(archive, verifier, suite, name, keys) for name in before)
        return [*states, *islice(earlier, None if last is None else last - len(states))]

    def find(self, archive: Archive, suite: SuiteName, beginning: str) -> str:
        """The name of the one earlier state of ``suite`` that begins so. Raises RepositoryError."""
        listed = archive.list(self.place(suite, f"{self.folder}/{beginning}"))
        names = sorted({name for each in listed if (name := self.name_of(each.key))})
        if len(names) == 1:
            return names[0]
        raise RepositoryError(
            f"there are {len(names)} generations of {suite} that begin with {beginning!r}"
            if names
            else f"there is no earlier generation {beginning!r} of {suite}",
            where=self.place(suite, self.folder),
            hint=f"katpkg history {suite}",
            details="\n".join(names) or None,
        )

    def differences(self, reader: Reader, states: Sequence[Past[S]]) -> Iterator[Difference | None]:
        """What each of ``states`` (the newest first) changed in the one after it here; None where nobody can know.

        Reads the indexes that differ, of two states at a time. Raises RepositoryError when one is damaged.
        """
        for state, before in zip(states, [*states[1:], None], strict=True):
            known = before is not None and not state.lost and not before.lost
            yield _compare(reader, state.generation, before.generation) if known and before else None

    def _earlier(self, archive: Archive, verifier: Verifier, suite: SuiteName, name: str, keys: set[str]) -> Past[S]:
        try:
            generation = self.read(archive, verifier, suite, name)
            lost = "it is gone"
        except (SigningError, RepositoryError) as error:
            generation, lost = None, error.message
        if generation is not None:
            return _state(generation, keys)
        return Past(name=name, date=generation_date(name), is_current=False, lost=lost, generation=None)


def _state(generation: S, keys: set[str], *, is_current: bool = False) -> Past[S]:
    return Past(
        name=generation.name,
        date=generation.date,
        is_current=is_current,
        lost="" if keys.issuperset(generation.needs()) else "its indexes are gone",
        generation=generation,
    )


def _compare(reader: Reader, state: S | None, before: S | None) -> Difference | None:
    if state is None or before is None:
        return None
    now, then = state.keys_unlike(reader, before), before.keys_unlike(reader, state)
    return Difference(added=_words(now - then), removed=_words(then - now))


def _words(keys: set[Key]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{name} {version}" for name, version, _ in sorted(keys)))
