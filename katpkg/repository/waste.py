"""What may be deleted, whatever the format: what no state that stays names, and nobody is about to name."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime, timedelta

from katpkg.model.archive import RetentionSpec
from katpkg.repository.apt.layout import generation_date
from katpkg.repository.base import Listed
from katpkg.repository.publication import Action, Delete, Phase, Publication, Renew

GRACE = {Phase.FORGET: timedelta(), Phase.UNLIST: timedelta(hours=48), Phase.PRUNE: timedelta(days=7)}
"""What is younger stays in any case: somebody may be about to publish it, and clients may still install what a state of
some days ago named. A generation is of use to nobody then; and it must not outlive its indexes.
"""

IsNamed = Callable[[str], bool]
"""Whether a state that stays names a key."""


def kept_generations(
    listed: Iterable[Listed],
    name_of: Callable[[str], str | None],
    replaced: datetime,
    retention: RetentionSpec,
    now: datetime,
) -> tuple[str, ...]:
    """The names of the generations that stay of those whose traces are ``listed``, the newest first.

    ``replaced`` is when the newest of them was: the date of what is published. Each was replaced by the one after it,
    and until then clients read it, whatever its own date.
    """
    kept: list[str] = []
    for each in sorted(listed, key=lambda each: each.key, reverse=True):
        name = name_of(each.key)
        if name is None:
            continue
        age = now - max(replaced, each.modified)
        if len(kept) < retention.generations or age < timedelta(hours=retention.generation_hours):
            kept.append(name)
        replaced = generation_date(name)
    return tuple(kept)


def deletion(
    listed: Iterable[Listed],
    phase_of: Callable[[str], Phase | None],
    is_named: IsNamed,
    parting: Container[str],
    now: datetime,
) -> Publication:
    """The deletion of what is waste of ``listed``. ``phase_of`` tells when a key goes, and None of what never does.

    A package of a generation that goes now, one of ``parting``, stays for its week, which begins today.
    """
    actions: list[Action] = []
    for each in listed:
        phase = phase_of(each.key)
        if phase is None or is_named(each.key):
            continue
        if phase is Phase.PRUNE and each.key in parting:
            actions.append(Renew(key=each.key))
        elif now - each.modified >= GRACE[phase]:
            actions.append(Delete(phase=phase, key=each.key, size=each.size, modified=each.modified))
    return _of(actions)


def spared(publication: Publication, is_named: IsNamed) -> Publication:
    """``publication`` without what is named by now."""
    return _of(each for each in publication.actions if not is_named(each.key))


def joined(deletions: Sequence[Publication]) -> Publication:
    """``deletions`` as one, in the order of their phases."""
    return _of(action for each in deletions for action in each.actions)


def _of(actions: Iterable[Action]) -> Publication:
    ordered = sorted(actions, key=lambda action: action.phase)
    sizes = [action.size for action in ordered if isinstance(action, Delete)]
    title = f"{len(sizes)} files that nothing names, {sum(sizes)} bytes" if sizes else "there is nothing to delete"
    return Publication(title=title, actions=ordered)
