"""A committed state of a suite: an InRelease and the indexes that it names. What we did not sign is not believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Component, SuiteName
from katpkg.repository.apt import layout
from katpkg.repository.apt.index import Index
from katpkg.repository.apt.release import Release
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import RESTORE, Reader, Verifier
from katpkg.repository.clearsigned import covered, signature_of
from katpkg.repository.publication import Token
from katpkg.repository.published import Key

LEAST_PATCHED = 100_000
"""Bytes of a compressed index below which a client may as well fetch it whole."""

Shelf = tuple[Component, Architecture]
"""What one index is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One state of a suite, its signature verified."""

    suite: SuiteName
    inrelease: bytes
    token: Token
    text: bytes
    """What was signed."""
    release: Release

    @classmethod
    def read(cls, reader: Reader, verifier: Verifier, suite: SuiteName, key: str = "") -> Self | None:
        """The state whose InRelease lies at ``key`` (left out: the published one), or None when there is none.

        Raises SigningError when we did not sign it, and RepositoryError when it cannot be read.
        """
        key = key or layout.dists(suite, "InRelease")
        found = reader.read(key)
        if found is None:
            return None
        inrelease, token = found
        text = verifier.verify(inrelease, key)
        return cls(suite=suite, inrelease=inrelease, token=token, text=text, release=Release.parse(text, key))

    @property
    def name(self) -> str:
        """What history calls it."""
        return layout.generation_name(self.release.date, Digest.of(self.inrelease).sha256)

    @property
    def date(self) -> datetime:
        """When it was published."""
        return self.release.date

    def needs(self) -> Iterator[str]:
        """The keys of the indexes; what is listed with a compressed form lies there in that form alone."""
        indexes = self.release.indexes
        for path, digest in indexes.items():
            if f"{path}.gz" not in indexes:
                yield layout.by_hash(self.suite, path, digest.sha256)

    def keys_unlike(self, reader: Reader, other: Self) -> set[Key]:
        """The packages in those of its indexes that ``other`` has not. Raises RepositoryError."""
        shelves = [
            shelf
            for shelf in self.shelves()
            if self.release.indexes[path := layout.packages(*shelf)] != other.release.indexes.get(path)
        ]
        return {key for index in self.indexes(reader, shelves) for key in index.every_key()}

    @property
    def parts(self) -> Mapping[str, bytes]:
        """Its InRelease in two files, which old clients ask for, by their names."""
        return parts(self.inrelease, self.text)

    def shelves(self) -> Iterator[Shelf]:
        """Every component and architecture that it has an index of."""
        for component in self.release.components:
            for architecture in self.release.architectures:
                if layout.packages(component, architecture) in self.release.indexes:
                    yield component, architecture

    def indexes(self, reader: Reader, shelves: Sequence[Shelf], *, patches: bool = False) -> list[Index]:
        """The indexes of ``shelves``, every byte of them as our signature says; without packages where it has none.

        With ``patches`` they are read for a change that may begin a list of patches.

        Raises RepositoryError when a file is missing, or not the one that is named.
        """
        paths = [name for shelf in shelves for name in _files_of(shelf) if name in self.release.indexes]
        copies = [name for shelf in shelves if patches and (name := self._patches_to_begin(shelf))]
        listed = {path: self.release.indexes[path] for path in paths}
        files = dict(zip((*paths, *copies), _read(reader, self.suite, listed, copies), strict=True))
        found = []
        for gz, xz, diffs in map(_files_of, shelves):
            lists = {"leftover" if diffs in copies else "patches": files.get(diffs)}
            found.append(Index(where=layout.dists(self.suite, gz), gz=files.get(gz) or b"", xz=files.get(xz), **lists))
        return found

    def files(self, reader: Reader, paths: Sequence[str]) -> list[bytes]:
        """Files that Release lists, read by their digests. Raises RepositoryError."""
        return read_files(reader, self.suite, {path: self.release.indexes[path] for path in paths})

    def stanzas(self, reader: Reader) -> Iterator[Stanza]:
        """Every package; those for all architectures once for each. Raises RepositoryError."""
        for index in self.indexes(reader, list(self.shelves())):
            yield from index.stanzas()

    def _patches_to_begin(self, shelf: Shelf) -> str | None:
        """The list of patches that the next change of an index begins, where none is listed."""
        gz, _, patches = _files_of(shelf)
        digest = self.release.indexes.get(gz)
        return patches if patches not in self.release.indexes and digest and digest.size >= LEAST_PATCHED else None


def parts(inrelease: bytes, text: bytes) -> Mapping[str, bytes]:
    """Release.gpg and Release: the signature that ``inrelease`` holds, and just what of ``text`` it is good for."""
    return {"Release.gpg": signature_of(inrelease), "Release": covered(text)}


def read_files(reader: Reader, suite: SuiteName, listed: Mapping[str, Digest]) -> list[bytes]:
    """The files ``listed``, read by their digests. Raises RepositoryError when one is missing, or is another."""
    return [content for content in _read(reader, suite, listed) if content is not None]


def _read(
    reader: Reader, suite: SuiteName, listed: Mapping[str, Digest], copies: Sequence[str] = ()
) -> list[bytes | None]:
    """``read_files``, and after them whatever lies at the paths ``copies``: all are asked for at once."""
    keys = [layout.by_hash(suite, path, digest.sha256) for path, digest in listed.items()]
    found = reader.read_all([*keys, *(layout.dists(suite, path) for path in copies)])
    for key, digest, file in zip(keys, listed.values(), found, strict=False):
        if file is None or Digest.of(file[0]) != digest:
            raise RepositoryError(
                "an index that InRelease names is missing, or is not the one it names",
                where=key,
                hint=RESTORE,
            )
    return [file[0] if file else None for file in found]


def _files_of(shelf: Shelf) -> tuple[str, str, str]:
    path = layout.packages(*shelf)
    return f"{path}.gz", f"{path}.xz", layout.patch_index(path)
