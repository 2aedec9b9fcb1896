"""What can be done to a suite of RPMs besides publishing: the same as to one of .debs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import singledispatch

from katpkg.errors import RepositoryError
from katpkg.repository.admission import accepts
from katpkg.repository.apt.changes import Optimize, Promote, Refresh, Remove, Restore
from katpkg.repository.apt.retention import Expire, superseded
from katpkg.repository.apt.selection import Versions, select
from katpkg.repository.base import Archive, Reader, Verifier
from katpkg.repository.publication import Phase, Rely
from katpkg.repository.published import Key
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.draft import Draft, Texts
from katpkg.repository.rpm.generation import Generation, must_not_be_lost
from katpkg.repository.rpm.record import Record, key_of


@singledispatch
def make(change: object, draft: Draft, reader: Archive, verifier: Verifier) -> None:  # noqa: ARG001
    """Do ``change`` to ``draft``. Raises RepositoryError when it cannot be done."""
    raise TypeError(f"{change!r} is no change of a suite of RPMs")


@make.register
def _promote(change: Promote, draft: Draft, reader: Archive, verifier: Verifier) -> None:
    if change.source.codename != draft.suite.codename:
        raise RepositoryError(
            f"{change.source.name} is for {change.source.codename}, and {draft.suite.name} is for "
            f"{draft.suite.codename}: a package of one does not fit the other",
            hint=f"katpkg build --target {draft.suite.codename}; katpkg publish --target {draft.suite.codename}",
        )
    source = Generation.current(reader, verifier, change.source.name)
    if source is None:
        raise RepositoryError(
            f"nothing is published in {change.source.name}",
            where=layout.mirrorlist(change.source.name),
            hint="katpkg publish --channel NAME puts packages into CODENAME-NAME",
        )
    if not draft.files[0].where:
        must_not_be_lost(reader, draft.suite.name)
    found = {each.key: each for each in source.records(reader)}
    if change.packages:
        found = {key: found[key] for key in _selected(select(change.source.name, change.packages, found), found)}
    wanted = [each for key, each in found.items() if accepts(draft.suite, each.version)]
    _take(draft, reader, source, wanted)


@make.register
def _remove(change: Remove, draft: Draft, reader: Archive, verifier: Verifier) -> None:  # noqa: ARG001
    draft.dropped |= set(_selected(select(draft.suite.name, change.packages, draft.records), draft.records))


@make.register
def _expire(change: Expire, draft: Draft, reader: Archive, verifier: Verifier) -> None:  # noqa: ARG001
    draft.dropped |= set(_selected(superseded(list(draft.records.values()), change), draft.records))


@make.register
def _restore(change: Restore, draft: Draft, reader: Archive, verifier: Verifier) -> None:
    target = Generation.read(reader, verifier, draft.suite.name, change.generation)
    if target is None:
        raise RepositoryError(
            f"there is no generation {change.generation} of {draft.suite.name}",
            where=layout.repomd(draft.suite.name, change.generation),
            hint=f"katpkg history {draft.suite.name}",
        )
    records = {each.key: each for each in target.records(reader)}
    draft.dropped |= draft.records.keys() - records.keys()
    _take(draft, reader, target, records.values())


@make.register
def _refresh(change: Refresh, draft: Draft, reader: Archive, verifier: Verifier) -> None:  # noqa: ARG001
    draft.is_new = bool(draft.files[0].where)


@make.register
def _optimize(change: Optimize, draft: Draft, reader: Archive, verifier: Verifier) -> None:
    """There is nothing that would become smaller."""


def _take(draft: Draft, reader: Reader, source: Generation, wanted: Iterable[Record]) -> None:
    """Add what of ``wanted`` is not there, with the records that ``source`` has of it; the files are there."""
    new = {each.key: each for each in wanted if each.key not in draft.records}
    for each in new.values():
        draft.actions.append(Rely(phase=Phase.POOL, key=each.filename))
    draft.added |= _texts(reader, source, new.keys()) if new else {}


def _texts(reader: Reader, source: Generation, keys: Collection[Key]) -> dict[Key, Texts]:
    found: dict[Key, list[bytes]] = {key: [] for key in keys}
    for file in source.metadata(reader):
        for text in file.texts():
            key = key_of(text)
            if key in found:
                found[key].append(text)
    return dict(found)


def _selected(versions: Versions, keys: Iterable[Key]) -> Iterator[Key]:
    return (key for key in keys if key[1] in versions.get(key[0], ()))
