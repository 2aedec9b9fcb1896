"""A metadata file: records sorted by package, in blocks of which a change touches few. What is published is copied.

Each block is a member of the gzip file; so is the beginning, which tells the number of packages.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.repository.apt.blocks import ORDINARY, Sizes, gzip, read_members
from katpkg.repository.apt.rewrite import Rewriting, with_following
from katpkg.repository.published import Key
from katpkg.repository.rpm.record import Record, key_of, split_records

NAMESPACE = "http://linux.duke.edu/metadata"
ELEMENTS = {"primary": ("metadata", "common"), "filelists": ("filelists", "filelists"), "other": ("otherdata", "other")}
"""The outermost element of each kind, and the namespace it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """One file, and the digest of what it holds. Its methods raise RepositoryError when it is damaged."""

    kind: str
    where: str
    """Its key, for people."""
    gz: bytes
    plain: Digest

    @classmethod
    def nothing(cls, kind: str) -> Self:
        """A file without packages, which was never published."""
        begin, end = _begin(kind, 0), _end(kind)
        return cls(kind=kind, where="", gz=gzip(begin) + gzip(end), plain=Digest.of(begin + end))

    def texts(self) -> Iterator[bytes]:
        """The record of every package, in order."""
        for plain, _ in self._blocks():
            yield from split_records(plain)

    @property
    def count(self) -> int:
        """How many packages it says that it has."""
        found = re.search(rb' packages="([0-9]+)">', next((plain for plain, _ in self._members()), b""))
        if found is None:
            raise self._unreadable(ValueError("it does not tell how many packages it has"))
        return int(found[1])

    def named(self, names: Collection[str]) -> Iterator[Record]:
        """The records of primary that are of the packages ``names``; the others are not even split."""
        words = [b"<name>%s</name>" % escape(name).encode() for name in names]
        either = re.compile(b"|".join(map(re.escape, words)))
        for plain, _ in self._blocks():
            if words and either.search(plain):
                yield from (self._understood(text) for text in split_records(plain) if either.search(text))

    def records(self) -> Iterator[Record]:
        """What each record of primary says, in order."""
        return map(self._understood, self.texts())

    def revised(self, add: Mapping[Key, bytes], drop: Collection[Key], count: int, sizes: Sizes = ORDINARY) -> Metadata:
        """The file with the records ``add`` and without the packages ``drop``, of ``count`` packages in the end."""
        rewriting: Rewriting[bytes | memoryview] = Rewriting(gzip, sizes)
        rewriting.copy(_begin(self.kind, count), None)
        waiting, dropping = sorted(add, reverse=True), sorted(drop, reverse=True)
        for plain, member, following in with_following(self._blocks(), self._key):
            come, gone = _take_before(waiting, following), _take_before(dropping, following)
            if rewriting.is_at_cut and following is not None and not come and not gone:
                rewriting.copy(plain, member)
                continue
            texts = split_records(plain)
            for key in come:
                texts[self._place(texts, key)] = [add[key]]
            for key in gone:
                del texts[self._place(texts, key)]
            for text in texts:
                rewriting.add(text, plain, member)
        for key in reversed(waiting):  # where there were no blocks at all
            rewriting.add(add[key])
        rewriting.add(_end(self.kind))
        members, digest = rewriting.finish()
        return Metadata(kind=self.kind, where=self.where, gz=b"".join(members), plain=digest)

    def _blocks(self) -> Iterator[tuple[bytes, memoryview]]:
        """The plain text of each block but the beginning, and its member."""
        found = islice(self._members(), 1, None)
        return ((plain, member) for plain, member in found if b"<package " in plain)

    def _members(self) -> Iterator[tuple[bytes, memoryview]]:
        try:
            yield from read_members(self.gz)
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
