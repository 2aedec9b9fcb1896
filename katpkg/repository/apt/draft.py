"""A draft of the next state of a suite: what its Release will list, and the files that have to be there for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from katpkg.model.binary import Members
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture
from katpkg.model.suite import SuiteSpec
from katpkg.repository.apt import layout
from katpkg.repository.apt.blocks import gzip
from katpkg.repository.apt.generation import LEAST_PATCHED, Generation, Shelf
from katpkg.repository.apt.index import NOTHING, Index
from katpkg.repository.apt.patches import PatchList, ed_script, patch_name
from katpkg.repository.apt.revise import Edits, Revision, optimize, revise
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader
from katpkg.repository.publication import Action, Create, Phase, Replace
from katpkg.repository.published import Key


@dataclass(slots=True, kw_only=True)
class Draft:
    """Begins as a copy of ``current``, and is changed index by index."""

    suite: SuiteSpec
    current: Generation | None
    moment: datetime
    indexes: dict[str, Digest] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    added: dict[Key, Stanza] = field(default_factory=dict)
    dropped: dict[Key, Stanza] = field(default_factory=dict)
    made: dict[Shelf, Revision] = field(default_factory=dict)
    """What became of each index that is not as it was."""
    members: dict[Key, Members] = field(default_factory=dict)
    """What packages hold, of those that are at hand."""
    source: Generation | None = None
    """Where the packages that were added are published already."""
    is_new: bool = False
    """Whether it is to be published even if it lists what is listed already."""

    @classmethod
    def of(cls, suite: SuiteSpec, current: Generation | None, moment: datetime) -> Draft:
        """One that changes nothing yet; ``moment`` is the Date it will have."""
        indexes = dict(current.release.indexes) if current else {}
        return cls(suite=suite, current=current, moment=moment, indexes=indexes)

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """What the suite serves, and what it served before."""
        before = self.current.release.architectures if self.current else ()
        return tuple(dict.fromkeys([*self.suite.architectures, *before]))

    def edit(self, reader: Reader, edits: Mapping[Shelf, Edits]) -> None:
        """Make ``edits``. An index that was not there is made, whatever there is to put into it."""
        for shelf, index in zip(edits, self.read(reader, list(edits)), strict=True):
            revision = revise(index, edits[shelf])
            self.added.update((stanza.key, stanza) for stanza in revision.added)
            self.dropped.update((stanza.key, stanza) for stanza in revision.dropped)
            if revision.is_change or not index.gz:
                self._take(shelf, index, revision)
                self._patch(shelf, index, revision)

    def begin(self, shelf: Shelf, stanzas: Sequence[Stanza]) -> None:
        """Make an index of ``stanzas`` (sorted, each once), whatever there was before."""
        self._take(shelf, NOTHING, revise(NOTHING, Edits(add=stanzas)))

    def optimize(self, reader: Reader) -> None:
        """Compress every index anew, in large blocks."""
        shelves = list(self.current.shelves()) if self.current else []
        for shelf, index in zip(shelves, self.read(reader, shelves), strict=True):
            self._take(shelf, index, optimize(index))

    def read(self, reader: Reader, shelves: Sequence[Shelf]) -> list[Index]:
        """The published indexes of ``shelves``."""
        if self.current is None:
            return [NOTHING] * len(shelves)
        return self.current.indexes(reader, shelves, patches=self.suite.patches)

    def list_file(self, path: str, content: bytes, before: bytes | None) -> None:
        """Have Release list ``content`` at ``path``, stored by its digest and, for people, by its name."""
        digest = Digest.of(content)
        self.indexes[path] = digest
        key = layout.by_hash(self.suite.name, path, digest.sha256)
        self.actions.append(Create(phase=Phase.INDEX, key=key, content=content, digest=digest))
        self.actions.append(Replace(key=layout.dists(self.suite.name, path), content=content, before=before))

    def _take(self, shelf: Shelf, index: Index, revision: Revision) -> None:
        self.made[shelf] = revision
        path = layout.packages(*shelf)
        self.indexes[path] = revision.plain
        self.list_file(f"{path}.gz", revision.gz, index.gz or None)
        self.list_file(f"{path}.xz", revision.xz, index.xz)

    def _patch(self, shelf: Shelf, index: Index, revision: Revision) -> None:
        """Add to the list of patches, or end it where a patch would not be worth it."""
        path = layout.packages(*shelf)
        before = self.current.release.indexes.get(path) if self.current else None
        self.indexes.pop(layout.patch_index(path), None)
        if before is None or not self.suite.patches or len(index.gz) < LEAST_PATCHED:
            return
        script = ed_script(revision.hunks)
        compressed = gzip(script)
        if len(compressed) > len(revision.gz) // 2:
            return
        name = patch_name(self.moment, script)
        key = layout.patch(self.suite.name, path, name)
        self.actions.append(Create(phase=Phase.INDEX, key=key, content=compressed, digest=Digest.of(compressed)))
        patches = _list_of(index, before).extend(name, script, compressed, revision.plain)
        self.list_file(layout.patch_index(path), patches.render(), index.patches or index.leftover)


def _list_of(index: Index, plain: Digest) -> PatchList:
    """The patches that lead to ``plain``; a list that leads elsewhere is of no use."""
    if index.patches is not None:
        found = PatchList.parse(index.patches, index.where)
        if found.current == plain:
            return found
    return PatchList(current=plain)
