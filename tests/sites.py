"""An archive in a directory, really signed, of as many packages as a test wants, most of them without files."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from katpkg.model.names import Architecture, Component
from katpkg.model.suite import SuiteSpec
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Add, Change
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.revise import Edits
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader, Verifier
from katpkg.repository.signing import GpgSigner
from katpkg.store.local import LocalStore
from tests.builders import make_deb, make_suite

MAIN = Component("main")
AMD64, ARM64 = Architecture("amd64"), Architecture("arm64")
SUITE = make_suite()
WORDS = ["archive", "index", "stream", "filter", "cache", "image", "signal", "kernel", "driver", "graph", "object"]


def made_up(name: str, version: str = "1.0-1", architecture: str = "amd64") -> Stanza:
    """A package that nobody will download."""
    words = random.Random(f"{name} {version}")
    text = (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Somebody <x@example.org>\n"
        f"Description: {' '.join(words.choices(WORDS, k=90))}\n"
        f"Filename: pool/{name}_{version}_{architecture}.deb\nSize: 1\nSHA256: {words.randbytes(32).hex()}\n\n"
    )
    return Stanza.parse(text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A change that adds to an index what has no file."""

    stanzas: Sequence[Stanza]

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """Into that of amd64, and an empty one for arm64."""
        draft.edit(reader, {(MAIN, AMD64): Edits(add=self.stanzas), (MAIN, ARM64): Edits()})


@dataclass(slots=True, kw_only=True)
class Site:
    """An archive in a directory, and the time there."""

    root: Path
    signer: GpgSigner
    now: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))

    @property
    def public(self) -> Path:
        return self.root / "public"

    @property
    def key(self) -> Path:
        return self.root / "key.asc"

    def make(self, change: Change, suite: SuiteSpec = SUITE) -> None:
        """Make ``change``, a minute after the last."""
        self.now += timedelta(minutes=1)
        Publisher(
            repository=AptRepository(suite),
            store=LocalStore(self.public),
            signer=self.signer,
            clock=lambda: self.now,
            reporter=Quiet(),
        ).publish(change)

    def add(self, name: str, architecture: str = "all", suite: SuiteSpec = SUITE, version: str = "1.0-1") -> bytes:
        """Publish a real package, and return its bytes."""
        control = {"Package": name, "Version": version, "Architecture": architecture}
        deb = make_deb(self.root / f"{name}-{version}-{architecture}", control)
        self.make(Add(packages=[AptRepository(suite).admit(read_deb(deb))]), suite)
        return deb.read_bytes()

    def fill(self, *names: str) -> None:
        """Publish packages without files, one after the other."""
        for name in names:
            self.make(Fill(stanzas=[made_up(name)]))

    def plain(self, architecture: str = "amd64") -> bytes:
        """The index as it is published."""
        return gzip.decompress((self.public / f"dists/bookworm/main/binary-{architecture}/Packages.gz").read_bytes())

    def generations(self) -> list[str]:
        """The names of those that were replaced, the oldest first."""
        return sorted(path.name for path in (self.public / "dists/bookworm/generations").iterdir())
