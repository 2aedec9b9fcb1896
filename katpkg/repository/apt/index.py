"""Packages, the index of one component and architecture, as it is published."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from katpkg.errors import RepositoryError
from katpkg.model.names import PackageName
from katpkg.repository.apt.blocks import Block, read_blocks
from katpkg.repository.apt.stanza import END, Stanza, key_of, split_stanzas
from katpkg.repository.base import MENDING
from katpkg.repository.published import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A published index; one block of it is in memory at a time. Its methods raise RepositoryError."""

    where: str
    """Its key, for people."""
    gz: bytes
    """Nothing for an index that is not there yet."""
    xz: bytes | None
    """None where somebody else published none."""
    patches: bytes | None = None
    """The list of patches that lead to it, if there is one."""
    leftover: bytes | None = None
    """What lies where such a list would be copied to, if none is listed: a copy from when one was."""

    def blocks(self) -> Iterator[tuple[bytes, Block | None]]:
        """The plain text of each block that has any, and its compressed forms."""
        try:
            yield from (found for found in read_blocks(self.gz, self.xz) if found[0])
        except (zlib.error, EOFError) as error:
            raise self._unreadable(error) from error

    def stanzas(self) -> Iterator[Stanza]:
        """Every package, in order."""
        for plain, _ in self.blocks():
            for text in split_stanzas(plain):
                yield self.parse(text)

    def every_key(self) -> Iterator[Key]:
        """What each package is, in order, without reading more of it."""
        for plain, _ in self.blocks():
            for text in split_stanzas(plain):
                yield self.key(text)

    def keys_of(self, names: Collection[str]) -> Iterator[Key]:
        """Those of ``every_key`` that are called so. A block that names none of them is not taken apart."""
        marks = [f"Package: {name}\n".encode() for name in names]
        for plain, _ in self.blocks():
            if any(mark in plain for mark in marks):
                yield from (key for text in split_stanzas(plain) if (key := self.key(text))[0] in names)

    def parse(self, text: bytes) -> Stanza:
        """The stanza that ``text`` is."""
        try:
            return Stanza.parse(text)
        except (ValueError, KeyError) as error:
            raise self._unreadable(error) from error

    def key(self, text: bytes) -> Key:
        """The key of the stanza ``text``."""
        try:
            return key_of(text)
        except (ValueError, KeyError) as error:
            raise self._unreadable(error) from error

    def first_name(self, plain: bytes) -> PackageName:
        """The package that a block begins with."""
        return self.key(plain[: plain.find(END) + 1])[0]

    def _unreadable(self, error: Exception) -> RepositoryError:
        said = "the published index cannot be read"
        return RepositoryError(said, where=self.where, hint=MENDING, details=repr(error))


NOTHING = Index(where="", gz=b"", xz=None)
"""The index that comes before the first."""
