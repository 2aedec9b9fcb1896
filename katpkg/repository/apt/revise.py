"""Changing an index at a cost that follows the change: what no edit can touch is copied, compressed as it is."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import PackageName, Sha256
from katpkg.model.version import Version
from katpkg.repository.apt.blocks import LARGE, ORDINARY, Block, Cutter, Sizes, compress, cut, gzip
from katpkg.repository.apt.index import Index
from katpkg.repository.apt.stanza import Key, Stanza, split_stanzas
from katpkg.repository.apt.xz import join_blocks

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
    for plain, block, following in _with_following(index):
        reviser.take(plain, block, following)
    return reviser.finish()


def optimize(index: Index) -> Revision:
    """``index``, the same packages, in blocks so large that the files are as small as in one piece."""
    output = _Output()
    stanzas = (text for plain, _ in index.blocks() for text in split_stanzas(plain))
    for large in cut(stanzas, LARGE):
        output.add(large, None)
    gz, xz, digest = output.files()
    return Revision(gz=gz, xz=xz, plain=digest, added=(), dropped=(), hunks=())


def _with_following(index: Index) -> Iterator[tuple[bytes, Block | None, PackageName | None]]:
    """Each block, and the name that the one after it begins with."""
    held: tuple[bytes, Block | None] | None = None
    for found in index.blocks():
        if held is not None:
            yield *held, index.first_name(found[0])
        held = found
    if held is not None:
        yield *held, None


class _Reviser:
    """Takes the blocks of the old index in turn. One that an edit may touch is taken apart and cut anew, and so are
    those after it until an old cut is a cut again.
    """

    def __init__(self, index: Index, edits: Edits, sizes: Sizes) -> None:
        self._index = index
        self._edits = edits
        self._dropping = sorted(edits.drop)
        self._waiting = list(reversed(edits.add))
        self._cutter = Cutter(sizes)
        self._output = _Output()
        self._line = 0
        self._added: list[Stanza] = []
        self._dropped: list[Stanza] = []
        self._hunks: list[tuple[int, int, list[bytes]]] = []

    def take(self, plain: bytes, block: Block | None, following: PackageName | None) -> None:
        """The next old block, and the name that begins the one after it."""
        if not self._cutter and not self._touches(plain, following):
            self._output.add(plain, block)
            self._line += plain.count(b"\n")
            return
        for text in split_stanzas(plain):
            key = self._index.key(text)
            while self._waiting and self._waiting[-1].key < key:
                self._insert(self._waiting.pop())
            if self._waiting and self._waiting[-1].key == key:
                _must_be_same(self._index.parse(text), self._waiting.pop())
            if not self._drop(text, key):
                self._emit(text, plain, block)
            self._line += text.count(b"\n")

    def finish(self) -> Revision:
        """What came of it, after the last block."""
        while self._waiting:
            self._insert(self._waiting.pop())
        if (rest := self._cutter.finish()) is not None:
            self._output.add(rest, None)
        gz, xz, digest = self._output.files()
        return Revision(
            gz=gz,
            xz=xz,
            plain=digest,
            added=tuple(self._added),
            dropped=tuple(self._dropped),
            hunks=tuple((line, gone, b"".join(parts)) for line, gone, parts in self._hunks),
        )

    def _touches(self, plain: bytes, following: PackageName | None) -> bool:
        """Whether an edit may be about this block: of a name before the next block's first, and not done yet."""
        if self._waiting and (following is None or self._waiting[-1].name <= following):
            return True
        start = bisect_left(self._dropping, self._index.first_name(plain)) if self._dropping else 0
        return start < len(self._dropping) and (following is None or self._dropping[start] <= following)

    def _insert(self, stanza: Stanza) -> None:
        self._added.append(stanza)
        self._note(0, stanza.text)
        self._emit(stanza.text)

    def _drop(self, text: bytes, key: Key) -> bool:
        if not self._edits.drops(key):
            return False
        self._dropped.append(self._index.parse(text))
        self._note(text.count(b"\n"), b"")
        return True

    def _emit(self, text: bytes, plain: bytes = b"", block: Block | None = None) -> None:
        """Collect ``text``. A cut that gives the old block again takes over its compressed forms."""
        made = self._cutter.add(text)
        if made is not None:
            self._output.add(made, block if made == plain else None)

    def _note(self, gone: int, come: bytes) -> None:
        if not self._index.gz:  # nobody has the text that comes before the first
            return
        if self._hunks and sum(self._hunks[-1][:2]) == self._line:
            line, before, parts = self._hunks.pop()
            self._hunks.append((line, before + gone, [*parts, come]))
        else:
            self._hunks.append((self._line, gone, [come]))


class _Output:
    """The new index, as far as it is made."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._hash = hashlib.sha256()
        self._size = 0

    def add(self, plain: bytes, block: Block | None) -> None:
        """Add a block; it is compressed unless that was done before."""
        self._blocks.append(block or compress(plain))
        self._hash.update(plain)
        self._size += len(plain)

    def files(self) -> tuple[bytes, bytes, Digest]:
        """The .gz file, the .xz file, and the digest of what they hold. An index without packages is valid, too."""
        gz = b"".join(block.gz for block in self._blocks) or gzip(b"")
        xz = join_blocks(block.xz for block in self._blocks)
        return gz, xz, Digest(size=self._size, sha256=Sha256(self._hash.hexdigest()))


def _must_be_same(published: Stanza, ours: Stanza) -> None:
    if published.digest != ours.digest:
        raise RepositoryError(
            f"{ours} is already published with different contents",
            where=published.filename,
            hint="build again: the revision rises by itself; published files never change",
            details=f"published: {published.digest}\nours:      {ours.digest}",
        )
