"""A committed state of a suite: a repomd.xml and the metadata that it names. What we did not sign is not believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from katpkg.errors import RepositoryError, StoreError
from katpkg.model.digests import Digest
from katpkg.model.names import SuiteName
from katpkg.repository.base import RESTORE, Archive, Reader, Verifier
from katpkg.repository.publication import Token
from katpkg.repository.published import Key
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.metadata import Metadata
from katpkg.repository.rpm.record import KINDS, Record
from katpkg.repository.rpm.repomd import Repomd


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """The mirror list as it is published, and the generation that it leads to."""

    content: bytes
    token: Token
    name: str

    @classmethod
    def read(cls, reader: Reader, suite: SuiteName) -> Self | None:
        """The published one, or None when there is none. Raises RepositoryError when it leads nowhere."""
        key = layout.mirrorlist(suite)
        found = reader.read(key)
        if found is None:
            return None
        try:
            return cls(content=found[0], token=found[1], name=layout.parse_mirrorlist(found[0]))
        except ValueError as error:
            raise RepositoryError(
                f"the mirror list cannot be followed: {error}", where=key, hint="restore it from a backup"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One state of a suite, its signature verified."""

    name: str
    text: bytes
    """repomd.xml."""
    signature: bytes
    repomd: Repomd

    @property
    def suite(self) -> SuiteName:
        """Whose it is."""
        return self.repomd.suite

    @property
    def date(self) -> datetime:
        """When it was published."""
        return self.repomd.date

    @classmethod
    def read(cls, reader: Reader, verifier: Verifier, suite: SuiteName, name: str) -> Self | None:
        """The generation ``name``, or None when it is not there.

        Raises SigningError when we did not sign it, and RepositoryError when it cannot be read or is another suite's.
        """
        where = layout.repomd(suite, name)
        found, signature = reader.read_all([where, f"{where}.asc"])
        if found is None or signature is None:
            return None
        verifier.verify_detached(signature[0], found[0], where)
        repomd = Repomd.parse(found[0], where)
        ours = layout.generation_name(repomd.date, Digest.of(found[0]).sha256)
        if repomd.suite != suite or ours != name:
            raise RepositoryError(
                f"it is {ours} of {repomd.suite}, in the place of {name} of {suite}",
                where=where,
                hint="somebody moved it there; find out who",
            )
        return cls(name=name, text=found[0], signature=signature[0], repomd=repomd)

    @classmethod
    def current(cls, reader: Reader, verifier: Verifier, suite: SuiteName) -> Self | None:
        """The published state, or None. Raises as ``read``, and RepositoryError when it is not there."""
        pointer = Pointer.read(reader, suite)
        return cls.of(reader, verifier, suite, pointer) if pointer else None

    @classmethod
    def of(cls, reader: Reader, verifier: Verifier, suite: SuiteName, pointer: Pointer) -> Self:
        """The state that ``pointer`` leads to. Raises as ``current``."""
        found = cls.read(reader, verifier, suite, pointer.name)
        if found is None:
            raise RepositoryError(
                "the generation that the mirror list leads to is not there",
                where=layout.repomd(suite, pointer.name),
                hint="restore it from a backup or a mirror; nothing was changed",
            )
        return found

    def metadata(self, reader: Reader, kinds: Sequence[str] = KINDS) -> list[Metadata]:
        """The metadata files, every byte of them as our signature says. Raises RepositoryError."""
        keys = [self.key(kind) for kind in kinds]
        files = []
        for kind, key, found in zip(kinds, keys, reader.read_all(keys), strict=True):
            if found is None or Digest.of(found[0]) != self.repomd.files[kind]:
                raise RepositoryError(
                    "a metadata file that repomd.xml names is missing, or is not the one it names",
                    where=key,
                    hint=RESTORE,
                )
            files.append(Metadata(kind=kind, where=key, gz=found[0]))
        return files

    def key(self, kind: str) -> str:
        """Where a metadata file lies."""
        path = layout.metadata(kind, self.repomd.files[kind].sha256)
        return f"{layout.generation(self.suite, self.name)}{path}"

    def needs(self) -> Iterator[str]:
        """The keys of the metadata files."""
        return map(self.key, KINDS)

    def keys_unlike(self, reader: Reader, other: Self) -> set[Key]:  # noqa: ARG002 - one file has all of them
        """Its packages. Raises RepositoryError."""
        return {record.key for record in self.records(reader)}

    def records(self, reader: Reader) -> Iterator[Record]:
        """Every package. Raises RepositoryError."""
        (primary,) = self.metadata(reader, KINDS[:1])
        return primary.records()


def must_not_be_lost(archive: Archive, suite: SuiteName) -> None:
    """Raise RepositoryError when ``suite``, which has no mirror list, was published: all that it had would be gone.

    What was replaced tells, to who may list it. Who sees that looks again, for somebody may just have begun.
    """
    with suppress(StoreError):
        traces = archive.list(layout.suite_file(suite, "replaced/"))
        if any(layout.replaced_of(each.key) for each in traces) and Pointer.read(archive, suite) is None:
            raise RepositoryError(
                "the mirror list is lost: earlier states tell that the suite was published",
                where=layout.mirrorlist(suite),
                hint=f"katpkg rollback {suite} GENERATION (katpkg history {suite}); "
                f"to begin anew, remove {layout.suite_file(suite, '')}",
            )
