"""The earlier states of a suite of RPMs, as far as they are kept: when each was published, and what it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.names import SuiteName
from katpkg.repository.apt.history import Difference
from katpkg.repository.base import Archive, Verifier
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.rpm.record import KINDS, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A state of a suite: the published one, or one before it."""

    name: str
    date: datetime
    is_current: bool
    lost: str
    """Why it cannot be gone back to; empty when it can."""
    generation: Generation | None
    """None when it is not one of ours."""


def history(archive: Archive, verifier: Verifier, suite: SuiteName, last: int | None = None) -> list[Past]:
    """The states of ``suite``, the newest first, ``last`` at most; none when nothing is published.

    A generation that was written and never committed is none of them.
    """
    current = Generation.current(archive, verifier, suite)
    keys = {each.key for each in archive.list(layout.suite_file(suite, ""))}
    names = sorted({name for key in keys if (name := layout.replaced_of(key))}, reverse=True)
    states = [_state(current, keys, is_current=True)] if current else []
    earlier = (_read(archive, verifier, suite, name, keys) for name in names if not current or name != current.name)
    return [*states, *islice(earlier, None if last is None else last - len(states))]


def find(archive: Archive, suite: SuiteName, beginning: str) -> str:
    """The name of the one earlier state of ``suite`` that begins so. Raises RepositoryError."""
    listed = archive.list(layout.suite_file(suite, f"replaced/{beginning}"))
    names = sorted({name for each in listed if (name := layout.replaced_of(each.key))})
    if len(names) == 1:
        return names[0]
    raise RepositoryError(
        f"there are {len(names)} generations of {suite} that begin with {beginning!r}"
        if names
        else f"there is no earlier generation {beginning!r} of {suite}",
        where=layout.suite_file(suite, "replaced"),
        hint=f"katpkg history {suite}",
        details="\n".join(names) or None,
    )


def differences(archive: Archive, states: Sequence[Past]) -> Iterator[Difference | None]:
    """What each of ``states`` (the newest first) changed in the one after it here; None where that cannot be known.

    Raises RepositoryError when a metadata file is damaged.
    """
    for state, before in zip(states, [*states[1:], None], strict=True):
        known = before is not None and not state.lost and not before.lost
        yield _compare(archive, state.generation, before.generation) if known and before else None


def _state(generation: Generation, keys: set[str], *, is_current: bool = False) -> Past:
    is_whole = keys.issuperset(map(generation.key, KINDS))
    return Past(
        name=generation.name,
        date=generation.repomd.date,
        is_current=is_current,
        lost="" if is_whole else "its metadata is gone",
        generation=generation,
    )


def _read(archive: Archive, verifier: Verifier, suite: SuiteName, name: str, keys: set[str]) -> Past:
    try:
        generation = Generation.read(archive, verifier, suite, name)
        lost = "it is gone"
    except (SigningError, RepositoryError) as error:
        generation, lost = None, error.message
    if generation is not None:
        return _state(generation, keys)
    return Past(name=name, date=layout.generation_date(name), is_current=False, lost=lost, generation=None)


def _compare(archive: Archive, state: Generation | None, before: Generation | None) -> Difference | None:
    if state is None or before is None:
        return None
    after, earlier = _keys(archive, state), _keys(archive, before)
    return Difference(added=_words(after - earlier), removed=_words(earlier - after))


def _keys(archive: Archive, generation: Generation) -> set[Key]:
    return {record.key for record in generation.records(archive)}


def _words(keys: set[Key]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{name} {version}" for name, version, _ in sorted(keys)))
