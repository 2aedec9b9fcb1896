"""What can be done to a suite. Each is made on a draft of the next state, and again when somebody else was quicker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from katpkg.errors import RepositoryError
from katpkg.model.binary import Members
from katpkg.model.names import Component, Selector
from katpkg.model.suite import SuiteSpec
from katpkg.repository.admission import accepts
from katpkg.repository.apt import layout
from katpkg.repository.apt.admission import must_not_be_lost, must_not_move
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.generation import Generation, Shelf
from katpkg.repository.apt.revise import Edits
from katpkg.repository.apt.selection import keys_for, select
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader, Verifier
from katpkg.repository.publication import Create, Phase, Rely, Replace


class Change(Protocol):
    """Something that can be done to a suite."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:
        """Do it to ``draft``. Raises RepositoryError when it cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A package that may be published: its stanza, its file on this machine, and what the file holds."""

    stanza: Stanza
    path: str
    members: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Publish packages. What is published already stays as it is."""

    packages: Sequence[Incoming]

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """Into the index of their architecture, or of each."""
        draft.edit(reader, _additions(draft, reader, {draft.suite.component: [each.stanza for each in self.packages]}))
        if draft.suite.contents:
            draft.members.update((each.stanza.key, each.members) for each in self.packages)
        for each in self.packages:
            if each.stanza.key in draft.added:
                digest = each.stanza.digest
                draft.actions.append(
                    Create(phase=Phase.POOL, key=each.stanza.filename, content=each.path, digest=digest)
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """Publish here what is published in another suite of the same release, byte for byte."""

    source: SuiteSpec
    packages: Sequence[Selector] = ()
    """Only these; none: all but what is for testers alone."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:
        """Into the same components; the files are there, since the suites of a release share their pool."""
        source = self._read(draft.suite, reader, verifier)
        every = {shelf[0]: self._published(reader, source, shelf[0]) for shelf in source.shelves()}
        self._check(draft.suite, [stanza for stanzas in every.values() for stanza in stanzas])
        found = {name: [each for each in every[name] if accepts(draft.suite, each.version)] for name in every}
        select(self.source.name, self.packages, {stanza.key for stanzas in found.values() for stanza in stanzas})
        wanted = {name: [each for each in stanzas if self._selects(each)] for name, stanzas in found.items()}
        draft.source = source
        draft.edit(reader, _additions(draft, reader, wanted))
        draft.actions += [Rely(phase=Phase.POOL, key=stanza.filename) for stanza in draft.added.values()]

    def _read(self, suite: SuiteSpec, reader: Reader, verifier: Verifier) -> Generation:
        if self.source.codename != suite.codename:
            raise RepositoryError(
                f"{self.source.name} is for {self.source.codename}, and {suite.name} is for {suite.codename}: "
                "a package of one does not fit the other",
                hint=f"katpkg build --target {suite.codename}; katpkg publish --target {suite.codename}",
            )
        source = Generation.read(reader, verifier, self.source.name)
        if source is None:
            raise RepositoryError(
                f"nothing is published in {self.source.name}",
                where=layout.dists(self.source.name, "InRelease"),
                hint="katpkg publish --channel NAME puts packages into CODENAME-NAME",
            )
        return source

    def _published(self, reader: Reader, source: Generation, component: Component) -> list[Stanza]:
        indexes = source.indexes(reader, [shelf for shelf in source.shelves() if shelf[0] == component])
        return list({stanza.key: stanza for index in indexes for stanza in index.stanzas()}.values())

    def _check(self, suite: SuiteSpec, published: Sequence[Stanza]) -> None:
        """Raise RepositoryError when somebody asks for what is for testers alone."""
        for selector in self.packages:
            meant = [each for each in published if selector.selects(each.name, each.version)]
            if meant and not any(accepts(suite, each.version) for each in meant):
                raise RepositoryError(
                    f"{meant[0]} is a development version, and {suite.name} is what users follow",
                    where=layout.dists(self.source.name, "InRelease"),
                    hint=f"publish a release of {meant[0].name} to {self.source.name}, and promote that",
                )

    def _selects(self, stanza: Stanza) -> bool:
        return not self.packages or any(each.selects(stanza.name, stanza.version) for each in self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take packages out of the indexes; their files stay until they are pruned."""

    packages: Sequence[Selector]

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """From every index. What is not there cannot be removed."""
        shelves = list(draft.current.shelves()) if draft.current else []
        keys = keys_for(self.packages, draft.read(reader, shelves))
        drop = select(draft.suite.name, self.packages, keys)
        draft.edit(reader, {shelf: Edits(drop=drop) for shelf in shelves})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Publish an earlier generation again, under a new date."""

    generation: str
    """Its name, as history shows it."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:
        """By its own index files, which must still be there; patches do not lead back."""
        key = layout.generation(draft.suite.name, self.generation)
        target = Generation.read(reader, verifier, draft.suite.name, key)
        if target is None:
            raise RepositoryError(
                f"there is no generation {self.generation} of {draft.suite.name}",
                where=key,
                hint=f"katpkg history {draft.suite.name}",
            )
        _compare(draft, reader, target)
        draft.actions += [Rely(phase=Phase.POOL, key=stanza.filename) for stanza in draft.added.values()]
        draft.indexes = {path: digest for path, digest in target.release.indexes.items() if _leads_back(draft, path)}
        _take_files(draft, reader, target)
        for shelf in _joining(draft):
            draft.begin(shelf, _sorted([each for each in target.stanzas(reader) if each.architecture.is_all]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Publish the same again under a new date, so that it stays valid."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """Nothing but the date."""
        draft.is_new = draft.current is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimize:
    """Publish the same in fewer, larger blocks: smaller files, until changes cut them up again."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """Every index."""
        draft.optimize(reader)


def _compare(draft: Draft, reader: Reader, target: Generation) -> None:
    """Note what ``target`` has more than the current state, and what it has not."""
    after = {stanza.key: stanza for stanza in target.stanzas(reader)}
    before = {stanza.key: stanza for stanza in draft.current.stanzas(reader)} if draft.current else {}
    draft.added = {name: stanza for name, stanza in after.items() if name not in before}
    draft.dropped = {name: stanza for name, stanza in before.items() if name not in after}


def _leads_back(draft: Draft, path: str) -> bool:
    """Whether the file ``path`` of an earlier generation is of use: patches lead on, and Contents may be turned off."""
    return ".diff/" not in path and (draft.suite.contents or not layout.is_contents(path))


def _take_files(draft: Draft, reader: Reader, target: Generation) -> None:
    """Have the index files of ``target`` stay, and copied where another generation's copies are."""
    now = draft.current.release.indexes if draft.current else {}
    paths = [path for path in draft.indexes if not layout.is_plain(path) and draft.indexes[path] != now.get(path)]
    before = [path for path in paths if path in now]
    files = dict(zip(before, draft.current.files(reader, before), strict=True)) if draft.current else {}
    for path, content in zip(paths, target.files(reader, paths), strict=True):
        key = layout.by_hash(draft.suite.name, path, draft.indexes[path].sha256)
        draft.actions.append(Rely(phase=Phase.INDEX, key=key))
        draft.actions.append(Replace(key=layout.dists(draft.suite.name, path), content=content, before=files.get(path)))


def _joining(draft: Draft) -> list[Shelf]:
    """What the suite serves now, and has no index for: an architecture that came after the generation."""
    components = {shelf[0] for path in draft.indexes if (shelf := layout.shelf_of(path))}
    shelves = [(name, each) for name in sorted(components) for each in draft.suite.architectures]
    return [shelf for shelf in shelves if layout.packages(*shelf) not in draft.indexes]


def _additions(draft: Draft, reader: Reader, found: Mapping[Component, Sequence[Stanza]]) -> dict[Shelf, Edits]:
    """What goes where: packages into the index of their architecture, and those for all into every one.

    An index that is new to the suite gets what the others of its component have for all architectures.
    """
    must_not_be_lost(draft, reader)
    published = set(draft.current.shelves()) if draft.current else set()
    must_not_move(draft, reader, found)
    edits = {}
    for component in dict.fromkeys([*found, *(component for component, _ in published)]):
        here = [shelf for shelf in published if shelf[0] == component]
        joining = [name for name in draft.architectures if (component, name) not in published]
        shared = _for_all(draft, reader, here[0]) if here and joining else []
        for name in draft.architectures:
            stanzas = [each for each in found.get(component, ()) if each.architecture in (name, "all")]
            stanzas += shared if name in joining else []
            if stanzas or name in joining:
                edits[component, name] = Edits(add=_sorted(stanzas))
    return edits


def _for_all(draft: Draft, reader: Reader, shelf: Shelf) -> list[Stanza]:
    (index,) = draft.read(reader, [shelf])
    return [stanza for stanza in index.stanzas() if stanza.architecture.is_all]


def _sorted(stanzas: Sequence[Stanza]) -> list[Stanza]:
    """``stanzas`` in the order of an index, each once. Raises RepositoryError when two differ in their bytes alone."""
    once: dict[object, Stanza] = {}
    for stanza in stanzas:
        other = once.setdefault(stanza.key, stanza)
        if other.digest != stanza.digest:
            raise RepositoryError(
                f"there are two files of {stanza} with different contents",
                where=stanza.filename,
                hint="publish one of them",
                details=f"{other.digest}\n{stanza.digest}",
            )
    return sorted(once.values(), key=lambda stanza: stanza.key)
