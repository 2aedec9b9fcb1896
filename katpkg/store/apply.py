"""Carrying out a Publication: phase after phase, so that whatever stops it leaves the old state whole."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from katpkg.errors import StoreError
from katpkg.report import Reporter
from katpkg.repository.publication import Commit, Create, Publication, Replace
from katpkg.store.base import Store


class Outpaced(StoreError):
    """Somebody else committed first: what was planned from is not what is published any more."""


def apply(publication: Publication, store: Store, reporter: Reporter) -> None:
    """Perform the actions of ``publication`` in their order.

    Raises Outpaced when the commit is not ours to make, and StoreError; until the commit nothing was visible.
    """
    total = sum(_size(action) for action in publication.actions)
    committed: Commit | None = None
    with reporter.progress(publication.title, total) as meter:
        for action in sorted(publication.actions, key=lambda action: action.phase):
            match action:
                case Create():
                    _create(action, store)
                case Commit():
                    _commit(action, store)
                    committed = action
                case Replace():
                    if committed is None or _is_current(committed, store):
                        store.put(action.key, action.content)
                case _:
                    assert_never(action)
            meter.advance(_size(action), label=action.key.rpartition("/")[2])


def _create(action: Create, store: Store) -> None:
    if store.put_if(action.key, action.content, None):
        return
    found = store.digest(action.key)
    if found != action.digest:
        raise StoreError(
            f"{action.key.rpartition('/')[2]} is already published with different contents",
            where=action.key,
            hint="build again: the revision rises by itself; published files never change",
            details=f"published: {found}\nours:      {action.digest}",
        )


def _commit(action: Commit, store: Store) -> None:
    if store.put_if(action.key, action.content, action.token):
        return
    if not _is_current(action, store):  # else an answer was lost, and the write was ours
        raise Outpaced("somebody else published first", where=action.key, hint="publish again")


def _is_current(commit: Commit, store: Store) -> bool:
    """Whether ours is still the newest state; a slow publisher must not overwrite a later one's copies."""
    found = store.read(commit.key)
    return found is not None and found[0] == commit.content


def _size(action: Create | Commit | Replace) -> int:
    return action.content.stat().st_size if isinstance(action.content, Path) else len(action.content)
