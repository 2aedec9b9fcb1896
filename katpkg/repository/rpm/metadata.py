"""A metadata file: records sorted by package, in blocks of which a change touches few. What is published is copied.

Each block is a member of the gzip file; so is the beginning, which tells the number of packages. A block that a change
does not touch is not even unpacked, so repomd.xml has no open-checksum: what clients check is what they fetch.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.repository.apt.blocks import ORDINARY, Sizes, gunzip, gzip, split_members
from katpkg.repository.apt.rewrite import Rewriting, with_following
from katpkg.repository.published import Key
from katpkg.repository.rpm.record import Record, key_of, split_records

NAMESPACE = "http://linux.duke.edu/metadata"
ELEMENTS = {"primary": ("metadata", "common"), "filelists": ("filelists", "filelists"), "other": ("otherdata", "other")}
"""The outermost element of each kind, and the namespace it is in."""


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
        for _, member in self._blocks():
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
        ordered = sorted(names)
        for head, member, following in with_following(self._blocks(), self._key):
            at = bisect_left(ordered, self._key(head)[0])
            if at < len(ordered) and (following is None or ordered[at] <= following[0]):
                texts = split_records(self._unpacked(member))
                yield from (self._understood(text) for text in texts if self._key(text)[0] in names)

    def records(self) -> Iterator[Record]:
        """What each record of primary says, in order."""
        return map(self._understood, self.texts())

    def revised(self, add: Mapping[Key, bytes], drop: Collection[Key], count: int, sizes: Sizes = ORDINARY) -> Metadata:
        """The file with the records ``add`` and without the packages ``drop``, of ``count`` packages in the end."""
        rewriting: Rewriting[bytes | memoryview] = Rewriting(gzip, sizes)
        rewriting.copy(_begin(self.kind, count), None)
        waiting, dropping = sorted(add, reverse=True), sorted(drop, reverse=True)
        for _, member, following in with_following(self._blocks(), self._key):
            come, gone = _take_before(waiting, following), _take_before(dropping, following)
            if rewriting.is_at_cut and following is not None and not come and not gone:
                rewriting.keep(member)
                continue
            plain = self._unpacked(member)
            for text in self._changed(split_records(plain), {key: add[key] for key in come}, gone):
                rewriting.add(text, plain, member)
        for key in reversed(waiting):  # where there were no blocks at all
            rewriting.add(add[key])
        rewriting.add(_end(self.kind))
        return Metadata(kind=self.kind, where=self.where, gz=b"".join(rewriting.finish()))

    def _changed(self, texts: list[bytes], come: Mapping[Key, bytes], gone: Sequence[Key]) -> list[bytes]:
        for key, text in come.items():
            texts[self._place(texts, key)] = [text]
        for key in gone:
            del texts[self._place(texts, key)]
        return texts

    def _blocks(self) -> Iterator[tuple[bytes, memoryview]]:
        """Each block but the beginning, and what it begins with."""
        heads = ((self._unpacked(member, HEAD), member) for member in self._members()[1:])
        return ((head, member) for head, member in heads if b"<package " in head)

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
        return RepositoryError("the published metadata cannot be read", where=self.where, details=repr(error))


def _begin(kind: str, count: int) -> bytes:
    element, namespace = ELEMENTS[kind]
    rpm = f' xmlns:rpm="{NAMESPACE}/rpm"' if kind == "primary" else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{element} xmlns="{NAMESPACE}/{namespace}"{rpm} packages="{count}">\n'
    ).encode()


def _end(kind: str) -> bytes:
    return f"</{ELEMENTS[kind][0]}>\n".encode()


def _take_before(waiting: list[Key], following: Key | None) -> list[Key]:
    """Take off what comes before the package ``following``; ``waiting`` has its first at its end."""
    taken = []
    while waiting and (following is None or waiting[-1] < following):
        taken.append(waiting.pop())
    return taken
