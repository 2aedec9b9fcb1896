"""Keeping Contents in step with the packages: whatever is done to a suite, they are brought in line afterwards.

What is known already is not read: a package that is published now says what it holds, one that is promoted has its
lines in the suite that it comes from. Only where Contents are made for the first time, files in the pool are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from katpkg.errors import RepositoryError
from katpkg.model.names import PackageName
from katpkg.repository.apt import layout
from katpkg.repository.apt.contents import Contents, Line, lines
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.generation import Shelf, read_files
from katpkg.repository.apt.index import Index
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader

MembersOf = Callable[[Stanza], Iterable[str]]
"""Reads the paths that a published package holds."""

MOST = 200_000
"""Lines that are in memory at once; when there are more, they are added in several passes."""


def take_inventory(draft: Draft, reader: Reader, members_of: MembersOf) -> None:
    """Have ``draft`` list the Contents that belong to its packages, or none when its suite has none.

    Raises RepositoryError when something published cannot be read, and what ``members_of`` raises.
    """
    if not draft.suite.contents:
        draft.indexes = {path: digest for path, digest in draft.indexes.items() if not layout.is_contents(path)}
        return
    for shelf in [shelf for path in draft.indexes if (shelf := layout.shelf_of(path))]:
        _Inventory(draft, reader, members_of, shelf).take()


def unknown(stanza: Stanza) -> Iterable[str]:
    """For those who cannot read the pool. Raises RepositoryError."""
    raise RepositoryError(
        f"nobody can tell here what {stanza} holds", where=stanza.filename, hint="set publish.contents to false"
    )


class _Inventory:
    """The Contents of one component and architecture."""

    def __init__(self, draft: Draft, reader: Reader, members_of: MembersOf, shelf: Shelf) -> None:
        self._draft = draft
        self._reader = reader
        self._members_of = members_of
        self._shelf = shelf
        self._path = layout.contents(*shelf)

    def take(self) -> None:
        """Have them listed: as they were with what changed, or made anew."""
        revision = self._draft.made.get(self._shelf)
        is_listed = self._path in self._draft.indexes
        if is_listed and not (revision and revision.is_change):
            return
        where = layout.dists(self._draft.suite.name, f"{self._path}.gz")
        before = self._published()
        if revision and is_listed and before is not None:
            contents = Contents(where=where, gz=before).revised((), self._gone(revision.dropped))
            self._list(self._extend(contents, revision.added), before)
        else:
            self._list(self._extend(Contents(where=where), self._index().stanzas()), before)

    def _extend(self, contents: Contents, stanzas: Iterable[Stanza]) -> Contents:
        found = self._lines(stanzas)
        while batch := list(islice(found, MOST)):
            contents = contents.revised(batch)
        return contents

    def _lines(self, stanzas: Iterable[Stanza]) -> Iterator[Line]:
        lender = self._lender()
        lent = set()
        for stanza in stanzas:
            if members := self._draft.members.get(stanza.key):
                yield from lines(stanza, members())
            elif lender and stanza.key in self._draft.added:
                lent.add(stanza.name)
            else:
                yield from lines(stanza, self._members_of(stanza))
        if lender:
            yield from lender.lines_of(lent)

    def _lender(self) -> Contents | None:
        """The Contents of the suite that the packages come from, if it has any."""
        source, name = self._draft.source, f"{self._path}.gz"
        if source is None or name not in source.release.indexes:
            return None
        (gz,) = source.files(self._reader, [name])
        return Contents(where=layout.dists(source.suite, name), gz=gz)

    def _gone(self, dropped: Collection[Stanza]) -> set[PackageName]:
        """The packages of which no version is left."""
        if not dropped:
            return set()
        return {stanza.name for stanza in dropped} - {name for name, _, _ in self._index().every_key()}

    def _index(self) -> Index:
        """The packages as they will be."""
        name = f"{layout.packages(*self._shelf)}.gz"
        suite = self._draft.suite.name
        if revision := self._draft.made.get(self._shelf):
            gz = revision.gz
        else:
            (gz,) = read_files(self._reader, suite, {name: self._draft.indexes[name]})
        return Index(where=layout.dists(suite, name), gz=gz, xz=None)

    def _published(self) -> bytes | None:
        """The Contents that clients have now."""
        current, name = self._draft.current, f"{self._path}.gz"
        if current is None or name not in current.release.indexes:
            return None
        (gz,) = current.files(self._reader, [name])
        return gz

    def _leftover(self) -> bytes | None:
        """What lies where they are copied to, if none are listed: a copy from when some were."""
        key = layout.dists(self._draft.suite.name, f"{self._path}.gz")
        found = self._reader.read(key) if self._draft.current else None
        return found[0] if found else None

    def _list(self, contents: Contents, before: bytes | None) -> None:
        if self._draft.indexes.get(self._path) != contents.plain:
            self._draft.indexes[self._path] = contents.plain
            self._draft.list_file(f"{self._path}.gz", contents.gz, before or self._leftover())
