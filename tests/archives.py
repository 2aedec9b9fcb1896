"""An archive in memory whose time is what a test says it is: for what takes days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from katpkg.model.binary import BinaryPackage
from katpkg.model.names import SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Add, Change
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.publication import Publication
from tests.builders import make_package, make_suite
from tests.fakes import FakeSigner, MemoryStore

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STABLE = make_suite()
TESTING = make_suite(name=SuiteName("bookworm-testing"))


class MemoryArchive:
    """Some suites in a MemoryStore. Every change is made a minute after the last one."""

    def __init__(self, directory: Path) -> None:
        self.store = MemoryStore(START)
        self.signer = FakeSigner()
        self._directory = directory

    def clock(self) -> datetime:
        """The time."""
        return self.store.now

    def pass_time(self, **words: float) -> None:
        """So much later."""
        self.store.now += timedelta(**words)

    def publisher(self, suite: SuiteSpec = STABLE) -> Publisher:
        """Who changes ``suite``."""
        return Publisher(
            repository=AptRepository(suite),
            store=self.store,
            signer=self.signer,
            clock=self.clock,
            reporter=Quiet(),
        )

    def make(self, change: Change, suite: SuiteSpec = STABLE) -> Publication:
        """Make ``change``."""
        self.pass_time(minutes=1)
        return self.publisher(suite).publish(change)

    def package(self, word: str, architecture: str = "all", content: str = "1") -> BinaryPackage:
        """The package ``NAME_UPSTREAM``: kat-web_1.0."""
        name, _, upstream = word.partition("_")
        return make_package(self._directory, name, f"{upstream or '1.0'}-1~deb12u1", architecture, content)

    def add(self, *words: str, suite: SuiteSpec = STABLE, architecture: str = "all") -> Publication:
        """Publish packages: ``kat-web_1.0``, ``kat-web``."""
        admitted = [AptRepository(suite).admit(self.package(word, architecture)) for word in words]
        return self.make(Add(packages=admitted), suite)

    def current(self, suite: SuiteSpec = STABLE) -> Generation:
        """What is published."""
        found = Generation.read(self.store, self.signer, suite.name)
        assert found is not None
        return found

    def listed(self, suite: SuiteSpec = STABLE) -> list[str]:
        """What is published, as ``kat-web_1.0``."""
        published = AptRepository(suite).published(self.store, self.signer)
        return [f"{each.name}_{each.version.partition('-')[0]}" for each in published]

    def kept(self, suite: SuiteSpec = STABLE) -> list[str]:
        """The names of the generations that are kept besides, the oldest first."""
        found = [each.key for each in self.store.list(layout.dists(suite.name, "generations/"))]
        return [key.split("/")[-2] for key in found]

    def assert_whole(self, generation: Generation) -> None:
        """All that it names is there, and is what it names."""
        for stanza in generation.stanzas(self.store):
            assert self.store.digest(stanza.filename) == stanza.digest, stanza.filename
