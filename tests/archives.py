"""An archive in memory whose time is what a test says it is: for what takes days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from katpkg.model.archive import RetentionSpec
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.names import Selector, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.pipeline.commit import Publisher
from katpkg.pipeline.prune import Pruner
from katpkg.report import Quiet
from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Add, Change, Remove
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.publication import Publication, Token
from katpkg.store.base import Stored
from tests.builders import make_package, make_suite
from tests.fakes import FakeSigner, MemoryStore

Hook = Callable[[int, str, str], None]

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STABLE = make_suite()
TESTING = make_suite(name=SuiteName("bookworm-testing"))

AT_ONCE = {"generations": 0, "generation_hours": 0}
"""Keep no earlier state."""


class MemoryArchive:
    """Some suites in a MemoryStore. Every change is made a minute after the last one."""

    def __init__(self, directory: Path) -> None:
        self.store = HookedStore(START)
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

    def package(self, word: str, architecture: str = "all") -> BinaryPackage:
        """The package ``NAME_UPSTREAM``: kat-web_1.0."""
        name, _, upstream = word.partition("_")
        version = f"{upstream or '1.0'}-1~deb12u1"
        return make_package(self._directory, name, version, architecture, content=f"{name} {version} {architecture}")

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

    def pruner(self, *suites: SuiteSpec, **rules: Any) -> Pruner:
        """Who prunes, taking old versions out of ``suites``."""
        return Pruner(
            store=self.store,
            verifier=self.signer,
            retention=RetentionSpec(**rules),
            clock=self.clock,
            reporter=Quiet(),
            publishers=[self.publisher(suite) for suite in suites],
        )

    def prune(self, *suites: SuiteSpec, **rules: Any) -> list[str]:
        """Prune, and say what was deleted: the last words of the keys."""
        self.pass_time(minutes=1)
        before = set(self.store.objects)
        self.pruner(*suites, **rules).prune()
        return sorted(key.removesuffix("/InRelease").rpartition("/")[2] for key in before - set(self.store.objects))

    def assert_whole(self) -> None:
        """All that any generation names is there, and is what it names, whatever generation history offers."""
        for listed in [*self.store.list("dists/")]:
            if listed.key.endswith("/InRelease"):
                suite = SuiteName(listed.key.split("/")[1])
                generation = Generation.read(self.store, self.signer, suite, listed.key)
                assert generation is not None
                for stanza in generation.stanzas(self.store):
                    assert self.store.digest(stanza.filename) == stanza.digest, (listed.key, stanza.filename)


class HookedStore(MemoryStore):
    """Calls ``hook`` with the number of each operation, its name and its key before it; not while a hook is at work."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.hook: Hook | None = None
        self.count = 0

    def _tell(self, operation: str, key: str) -> None:
        hook, self.hook = self.hook, None
        if hook is not None:
            self.count += 1
            try:
                hook(self.count, operation, key)
            finally:
                self.hook = hook

    def read(self, key: str) -> tuple[bytes, Token] | None:
        self._tell("read", key)
        return super().read(key)

    def look(self, key: str) -> Stored | None:
        self._tell("look", key)
        return super().look(key)

    def digest(self, key: str) -> Digest | None:
        self._tell("digest", key)
        return super().digest(key)

    def list(self, prefix: str) -> Iterator[Stored]:
        self._tell("list", prefix)
        return iter(list(super().list(prefix)))

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:
        self._tell("create", key)
        return super().create(key, content, digest)

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        self._tell("replace", key)
        return super().replace(key, content, token, moment)

    def renew(self, key: str) -> bool:
        self._tell("renew", key)
        return super().renew(key)

    def delete(self, key: str, modified: datetime | None = None) -> None:
        self._tell("delete", key)
        super().delete(key, modified)


def remove(*words: str) -> Remove:
    """The change that takes out what ``words`` select."""
    return Remove(packages=tuple(map(Selector, words)))


def deb(name: str, version: str = "1.0") -> str:
    """The file of a package."""
    return f"{name}_{version}-1~deb12u1_all.deb"


def pool(archive: MemoryArchive) -> list[str]:
    """The files of packages that lie there."""
    return [each.key.rpartition("/")[2] for each in archive.store.list("pool/")]


def aged(archive: MemoryArchive) -> str:
    """An archive with something of every kind to prune; the name of a generation that is about to go."""
    archive.add("kat-t", suite=TESTING)
    archive.add("kat-z_1.0", "kat-b_1.0")
    archive.make(remove("kat-z"))
    archive.pass_time(days=3)
    archive.prune(**AT_ONCE)
    archive.add("kat-a_1.0")
    name = archive.current().name
    archive.pass_time(days=3)
    archive.make(remove("kat-a"))
    archive.pass_time(days=3)
    archive.add("kat-c")
    archive.pass_time(days=30)
    return name
