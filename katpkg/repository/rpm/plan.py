"""The next state of a suite of RPMs, planned from the published one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.suite import SuiteSpec
from katpkg.repository.admission import must_not_share_files
from katpkg.repository.base import Archive, Reader, Signer, Verifier
from katpkg.repository.moment import next_date
from katpkg.repository.publication import Action, Commit, Create, Phase, Publication
from katpkg.repository.published import Key
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.changes import Publish, admit
from katpkg.repository.rpm.draft import Draft
from katpkg.repository.rpm.generation import Generation, Pointer, must_not_be_lost
from katpkg.repository.rpm.metadata import Metadata
from katpkg.repository.rpm.record import Record
from katpkg.repository.rpm.repomd import Repomd
from katpkg.repository.rpm.signing import PackageSigner

NAMED = 6
"""How many packages a title names."""


class RpmRepository:
    """One suite of a repository of RPMs; ``uri`` is where clients find the archive."""

    def __init__(self, suite: SuiteSpec, uri: str, signer: PackageSigner) -> None:
        self._suite = suite
        self._uri = uri
        self._signer = signer

    def adding(self, packages: Iterable[BinaryPackage]) -> Publish:
        """The change that publishes ``packages``. Raises RepositoryError when one may not be published here."""
        incoming = [admit(self._suite, package) for package in packages]
        must_not_share_files((each.filename, each.key, each.package.digest) for each in incoming)
        return Publish(packages=incoming, signer=self._signer)

    def plan(self, reader: Archive, change: object, signer: Signer, clock: Callable[[], datetime]) -> Publication:
        """What ``change`` changes; empty when all is so already.

        Raises RepositoryError when that may not be, and when the repository is not whole; SigningError when what is
        published is not signed by us.
        """
        name = self._suite.name
        pointer = Pointer.read(reader, name)
        current = Generation.of(reader, signer, name, pointer) if pointer else None
        date = next_date(current.repomd.date if current else None, clock(), layout.mirrorlist(name))
        if current is None and isinstance(change, Publish):
            must_not_be_lost(reader, name)
        draft = Draft.of(self._suite, current, reader, date)
        _make(change, draft, reader, signer)
        if not draft.is_changed:
            return self._unchanged(pointer, date)
        files = draft.finish()
        repomd = Repomd(suite=name, date=date, files={each.kind: Digest.of(each.gz) for each in files})
        actions = [*draft.actions, *self._write(files, repomd, pointer, signer)]
        return Publication(title=f"{name}: {_news(draft)}", actions=actions)

    def copies(self, reader: Reader, verifier: Verifier) -> Publication:  # noqa: ARG002  # there are none
        """Nothing: every generation is whole in itself."""
        return Publication(title=f"{self._suite.name}: no copies")

    def state(self, reader: Reader, verifier: Verifier) -> bytes | None:  # noqa: ARG002
        """What was committed last, or None. Raises RepositoryError."""
        pointer = Pointer.read(reader, self._suite.name)
        return pointer.content if pointer else None

    def published(self, reader: Reader, verifier: Verifier) -> tuple[Record, ...]:
        """Every package that is published, sorted. Raises as ``plan``."""
        current = Generation.current(reader, verifier, self._suite.name)
        return tuple(current.records(reader)) if current else ()

    def _unchanged(self, pointer: Pointer | None, date: datetime) -> Publication:
        """Nothing; or the mirror list, when the archive has moved."""
        title = f"{self._suite.name}: nothing {'changed' if pointer else 'is published'}"
        if pointer is None or pointer.content == self._mirrorlist(pointer.name):
            return Publication(title=title)
        return Publication(
            title=f"{self._suite.name}: found at {self._uri}", actions=[self._commit(pointer.name, pointer, date)]
        )

    def _write(
        self, files: list[Metadata], repomd: Repomd, pointer: Pointer | None, signer: Signer
    ) -> Iterator[Action]:
        """A new directory with all that it names, and then the list that leads to it."""
        text = repomd.render()
        name = layout.generation_name(repomd.date, Digest.of(text).sha256)
        at = layout.generation(self._suite.name, name)
        for each in files:
            digest = repomd.files[each.kind]  # of megabytes: once is enough
            key = f"{at}{layout.metadata(each.kind, digest.sha256)}"
            yield Create(phase=Phase.INDEX, key=key, content=each.gz, digest=digest)
        key = layout.repomd(self._suite.name, name)
        yield _create(key, text)
        yield _create(f"{key}.asc", signer.sign_detached(text))
        if pointer is not None:
            yield _create(layout.replaced(self._suite.name, pointer.name), pointer.content)
        yield self._commit(name, pointer, repomd.date)

    def _commit(self, name: str, pointer: Pointer | None, date: datetime) -> Commit:
        return Commit(
            key=layout.mirrorlist(self._suite.name),
            content=self._mirrorlist(name),
            token=pointer.token if pointer else None,
            moment=date,
        )

    def _mirrorlist(self, name: str) -> bytes:
        return layout.render_mirrorlist(self._uri, self._suite.name, name)


def _make(change: object, draft: Draft, reader: Archive, verifier: Verifier) -> None:
    """Do ``change`` to ``draft``. Raises RepositoryError."""
    if isinstance(change, Publish):
        change.make(draft)
        return
    from katpkg.repository.rpm.moves import make  # takes as long as signing, and publishing needs none of it

    make(change, draft, reader, verifier)


def _create(key: str, content: bytes) -> Create:
    return Create(phase=Phase.INDEX, key=key, content=content, digest=Digest.of(content))


def _news(draft: Draft) -> str:
    """What is new, for people: the first few packages by name."""
    words = [*map(_word, sorted(draft.added)), *(f"without {_word(key)}" for key in sorted(draft.dropped))]
    more = [f"and {len(words) - NAMED} more"] if len(words) > NAMED else []
    return ", ".join([*words[:NAMED], *more]) or "the same packages"


def _word(key: Key) -> str:
    return f"{key[0]} {key[1]}"
