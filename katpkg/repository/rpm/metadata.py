"""A metadata file: records sorted by package, in blocks of which a change touches few. What is published is copied.

Each block is a member of the gzip file; so is the beginning, which tells the number of packages. A block that a change
does not touch is not even unpacked, so repomd.xml has no open-checksum: what clients check is what they fetch.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.repository.apt.blocks import Sizes, gunzip, gzip, split_members
from katpkg.repository.apt.rewrite import Rewriting
from katpkg.repository.base import RESTORE
from katpkg.repository.published import Key
from katpkg.repository.rpm.record import Record, key_of, split_records

NAMESPACE = "http://linux.duke.edu/metadata"
ELEMENTS = {"primary": ("metadata", "common"), "filelists": ("filelists", "filelists"), "other": ("otherdata", "other")}
"""The outermost element of each kind, and the namespace it is in."""

SIZES = Sizes(least=64 << 10, spread=64 << 10, most=192 << 10)
"""How large blocks are: small, for a change compresses one or two anew in each of three files."""

HEAD = 4096
"""Bytes of a block that have the key of its first record, which is at the beginning of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """One file. Its methods raise RepositoryError when it is damaged."""

    kind: str
    where: str
    """Its key, for people."""
    gz: bytes

    @classmethod
    def nothing(cls, kind: str) -> Self:
        """A file without packages, which was never published."""
        return cls(kind=kind, where="", gz=gzip(_begin(kind, 0)) + gzip(_end(kind)))

    def texts(self) -> Iterator[bytes]:
        """The record of every package, in order."""
        for member in self._blocks():
            yield from split_records(self._unpacked(member))

    @property
    def count(self) -> int:
        """How many packages it says that it has."""
        found = re.search(rb' packages="([0-9]+)">', self._unpacked(self._members()[0]))
        if found is None:
            raise self._unreadable(ValueError("it does not tell how many packages it has"))
        return int(found[1])

    def named(self, names: Collection[str]) -> Iterator[Record]:
        """The records of primary that are of the packages ``names``; blocks that can have none are not unpacked."""
        blocks = self._blocks()
        firsts = _Firsts(blocks, self._first)
        for number in sorted({number for name in names for number in firsts.of(name)}):
            texts = split_records(self._unpacked(blocks[number]))
            yield from (self._understood(text) for text in texts if self._key(text)[0] in names)

    def records(self) -> Iterator[Record]:
        """What each record of primary says, in order."""
        return map(self._understood, self.texts())

    def revised(self, add: Mapping[Key, bytes], drop: Collection[Key], count: int, sizes: Sizes = SIZES) -> Metadata:
        """The file with the records ``add`` and without the packages ``drop``, of ``count`` packages in the end."""
        rewriting: Rewriting[bytes | memoryview] = Rewriting(gzip, sizes)
        rewriting.copy(_begin(self.kind, count), None)
        blocks = self._blocks()
        firsts = _Firsts(blocks, self._first)
        come, gone = firsts.sort(add), firsts.sort(drop)
        for number, member in enumerate(blocks):
            is_changed = number in come or number in gone or member is blocks[-1]
            if rewriting.is_at_cut and not is_changed:
                rewriting.keep(member)
                continue
            plain = self._unpacked(member)
            new = {key: add[key] for key in come[number]}
            for text in self._changed(split_records(plain), new, gone[number]):
                rewriting.add(text, plain, member)
        if not blocks:
            for key in sorted(add):
                rewriting.add(add[key])
        rewriting.add(_end(self.kind))
        return Metadata(kind=self.kind, where=self.where, gz=b"".join(rewriting.finish()))

    def _changed(self, texts: list[bytes], come: Mapping[Key, bytes], gone: Sequence[Key]) -> list[bytes]:
        for key, text in come.items():
            texts[self._place(texts, key)] = [text]
        for key in gone:
            del texts[self._place(texts, key)]
        return texts

    def _blocks(self) -> list[memoryview]:
        """The members that have packages: not the first, and not the last where the end stands alone."""
        blocks = self._members()[1:]
        return blocks if blocks and b"<package " in self._unpacked(blocks[-1], HEAD) else blocks[:-1]

    def _first(self, member: memoryview) -> Key:
        """The package that a block begins with."""
        return self._key(self._unpacked(member, HEAD))

    def _members(self) -> list[memoryview]:
        try:
            return split_members(self.gz)
        except ValueError as error:
            raise self._unreadable(error) from error

    def _unpacked(self, member: memoryview, most: int = 0) -> bytes:
        """What ``member`` holds, or the first ``most`` bytes of it."""
        try:
            return gunzip(member, most)
        except (zlib.error, EOFError) as error:
            raise self._unreadable(error) from error

    def _place(self, texts: list[bytes], key: Key) -> slice:
        """The record of the package ``key`` among ``texts``; empty, where it would be, when it is not there."""
        start = bisect_left(texts, key, key=self._key)
        return slice(start, start + (self._key(texts[start]) == key if start < len(texts) else 0))

    def _key(self, text: bytes) -> Key:
        try:
            return key_of(text)
        except ValueError as error:
            raise self._unreadable(error) from error

    def _understood(self, text: bytes) -> Record:
        try:
            return Record.parse(text)
        except ValueError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> RepositoryError:
        said = "the published metadata cannot be read"
        return RepositoryError(said, where=self.where, hint=RESTORE, details=repr(error))


class _Firsts:
    """What each block begins with, read where somebody looks: to find one of n, log n of them are."""

    def __init__(self, blocks: Sequence[memoryview], read: Callable[[memoryview], Key]) -> None:
        self._blocks = blocks
        self._read = read
        self._known: dict[int, Key] = {}

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, number: int) -> Key:
        if number not in self._known:
            self._known[number] = self._read(self._blocks[number])
        return self._known[number]

    def of(self, name: str) -> range:
        """The blocks that may have packages of that name."""
        start = bisect_left(self, name, key=itemgetter(0)) - 1
        return range(max(start, 0), bisect_right(self, name, key=itemgetter(0)))

    def sort(self, keys: Iterable[Key]) -> defaultdict[int, list[Key]]:
        """The packages ``keys`` in order, by the number of the block that each is in, or would be."""
        found: defaultdict[int, list[Key]] = defaultdict(list)
        for key in sorted(keys):
            found[max(bisect_right(self, key) - 1, 0)].append(key)
        return found


def _begin(kind: str, count: int) -> bytes:
    element, namespace = ELEMENTS[kind]
    rpm = f' xmlns:rpm="{NAMESPACE}/rpm"' if kind == "primary" else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{element} xmlns="{NAMESPACE}/{namespace}"{rpm} packages="{count}">\n'
    ).encode()


def _end(kind: str) -> bytes:
    return f"</{ELEMENTS[kind][0]}>\n".encode()
