"""Changing an index at a cost that follows the change: what no edit can touch is copied, compressed as it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import PackageName
from katpkg.model.version import Version
from katpkg.repository.apt.blocks import LARGE, ORDINARY, Block, Sizes, compress, gzip
from katpkg.repository.apt.index import Index
from katpkg.repository.apt.rewrite import Rewriting, with_following
from katpkg.repository.apt.stanza import Stanza, split_stanzas
from katpkg.repository.apt.xz import join_blocks
from katpkg.repository.published import Key

Hunk = tuple[int, int, bytes]
"""A part of a difference: after so many lines of the old text, so many lines go and these bytes come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What is to change in an index."""

    add: Sequence[Stanza] = ()
    """Sorted by key, each key once."""
    drop: Mapping[PackageName, frozenset[Version]] = field(default_factory=dict)
    """Packages to take out: these versions of them, or all when there are none."""

    def drops(self, key: Key) -> bool:
        """Whether the package of ``key`` goes."""
        versions = self.drop.get(key[0])
        return versions is not None and (not versions or key[1] in versions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An index as it becomes."""

    gz: bytes
    xz: bytes
    plain: Digest
    added: tuple[Stanza, ...]
    """What was not there before."""
    dropped: tuple[Stanza, ...]
    hunks: tuple[Hunk, ...]
    """From the old text to the new, in the order of the text."""

    @property
    def is_change(self) -> bool:
        """Whether it differs from what was."""
        return bool(self.added or self.dropped)


def revise(index: Index, edits: Edits, sizes: Sizes = ORDINARY) -> Revision:
    """``index`` with ``edits`` made, in one pass with one block in memory.

    What is there already, the same bytes, stays. Raises RepositoryError when it is there with other bytes, and when
    the index is damaged.
    """
    reviser = _Reviser(index, edits, sizes)
    for plain, block, following in with_following(index.blocks(), index.first_name):
        reviser.take(plain, block, following)
    return reviser.finish()


def optimize(index: Index) -> Revision:
    """``index``, the same packages, in blocks so large that the files are as small as in one piece."""
    rewriting = Rewriting(compress, LARGE)
    for plain, _ in index.blocks():
        for text in split_stanzas(plain):
            rewriting.add(text)
    return _revision(rewriting)


class _Reviser:
    """Takes the blocks of the old index in turn. One that an edit may touch is taken apart and cut anew, and so are
    those after it until an old cut is a cut again.
    """

    def __init__(self, index: Index, edits: Edits, sizes: Sizes) -> None:
        self._index = index
        self._edits = edits
        self._dropping = sorted(edits.drop)
        self._waiting = list(reversed(edits.add))
        self._last: Key | None = None
        self._rewriting = Rewriting(compress, sizes)
        self._line = 0
        self._added: list[Stanza] = []
        self._dropped: list[Stanza] = []
        self._hunks: list[tuple[int, int, list[bytes]]] = []

    def take(self, plain: bytes, block: Block | None, following: PackageName | None) -> None:
        """The next old block, and the name that begins the one after it."""
        if self._rewriting.is_at_cut and not self._touches(plain, following):
            self._rewriting.copy(plain, block)
            self._line += plain.count(b"\n")
            return
        for text in split_stanzas(plain):
            key = self._index.key(text)
            while self._waiting and self._waiting[-1].key < key:
                self._insert(self._waiting.pop(), key)
            if self._waiting and self._waiting[-1].key == key:
                _must_be_same(self._index.parse(text), self._waiting.pop())
            if not self._drop(text, key):
                self._rewriting.add(text, plain, block)
                self._last = key
            self._line += text.count(b"\n")

    def finish(self) -> Revision:
        """What came of it, after the last block."""
        while self._waiting:
            self._insert(self._waiting.pop(), None)
        hunks = tuple((line, gone, b"".join(parts)) for line, gone, parts in self._hunks)
        return _revision(self._rewriting, tuple(self._added), tuple(self._dropped), hunks)

    def _touches(self, plain: bytes, following: PackageName | None) -> bool:
        """Whether an edit may be about this block: of a name before the next block's first, and not done yet."""
        if self._waiting and (following is None or self._waiting[-1].name <= following):
            return True
        start = bisect_left(self._dropping, self._index.first_name(plain)) if self._dropping else 0
        return start < len(self._dropping) and (following is None or self._dropping[start] <= following)

    def _insert(self, stanza: Stanza, following: Key | None) -> None:
        _must_be_alone(stanza, self._last)
        _must_be_alone(stanza, following)
        self._last = stanza.key
        self._added.append(stanza)
        self._note(0, stanza.text)
        self._rewriting.add(stanza.text)

    def _drop(self, text: bytes, key: Key) -> bool:
        if not self._edits.drops(key):
            return False
        self._dropped.append(self._index.parse(text))
        self._note(text.count(b"\n"), b"")
        return True

    def _note(self, gone: int, come: bytes) -> None:
        if not self._index.gz:  # nobody has the text that comes before the first
            return
        if self._hunks and sum(self._hunks[-1][:2]) == self._line:
            line, before, parts = self._hunks.pop()
            self._hunks.append((line, before + gone, [*parts, come]))
        else:
            self._hunks.append((self._line, gone, [come]))


def _revision(
    rewriting: Rewriting[Block],
    added: tuple[Stanza, ...] = (),
    dropped: tuple[Stanza, ...] = (),
    hunks: tuple[Hunk, ...] = (),
) -> Revision:
    """The files that ``rewriting`` made. An index without packages is valid, too."""
    blocks = rewriting.finish()
    gz = b"".join(block.gz for block in blocks) or gzip(b"")
    xz = join_blocks(block.xz for block in blocks)
    return Revision(gz=gz, xz=xz, plain=rewriting.digest, added=added, dropped=dropped, hunks=hunks)


def _must_be_alone(stanza: Stanza, other: Key | None) -> None:
    """Raise RepositoryError when apt could install ``other``, the next in the index, and call it the same: versions
    are equal that look different (1.0 and 1.0-0), and what is for all is for this architecture, too.
    """
    if other is None or stanza.name != other[0] or not stanza.version.is_equal(other[1]):
        return
    name, version, architecture = other
    raise RepositoryError(
        f"{stanza} ({stanza.architecture}) and {name} {version} ({architecture}) are one version for apt",
        where=stanza.filename,
        hint="build one of them again with the next revision; one that is published goes by katpkg remove",
    )


def _must_be_same(published: Stanza, ours: Stanza) -> None:
    if published.digest != ours.digest:
        raise RepositoryError(
            f"{ours} is already published with different contents",
            where=published.filename,
            hint="build again: the revision rises by itself; published files never change",
            details=f"published: {published.digest}\nours:      {ours.digest}",
        )
