"""A repository of RPMs in memory. The packages are real, and their signature is a fake's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from katpkg.model.archive import RetentionSpec
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Codename, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import PackageFormat
from katpkg.packages.rpm.inspect import read_rpm
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.publication import Publication
from katpkg.repository.rpm.plan import RpmRepository
from katpkg.repository.rpm.prune import RpmWaste
from katpkg.store.apply import apply
from tests.archives import HookedStore
from tests.builders import make_suite
from tests.fakes import FakeSigner
from tests.rpms import make_rpm

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
URI = "https://example.org/archive/"
STABLE = make_suite(name=SuiteName("el9"), codename=Codename("el9"), format=PackageFormat.RPM)
TESTING = make_suite(name=SuiteName("el9-testing"), codename=Codename("el9"), format=PackageFormat.RPM)


class NoSigner:
    """Leaves packages as they are, and counts them."""

    def __init__(self) -> None:
        self.signed: list[str] = []

    def sign_packages(self, packages: Sequence[BinaryPackage]) -> Sequence[Path]:
        self.signed += [each.name for each in packages]
        return [each.path for each in packages]


class MemoryRpms:
    """Suites of RPMs in a MemoryStore. Every change is made a minute after the last one."""

    def __init__(self, directory: Path) -> None:
        self.store = HookedStore(START)
        self.signer = FakeSigner()
        self.package_signer = NoSigner()
        self._directory = directory

    def clock(self) -> datetime:
        return self.store.now

    def repository(self, suite: SuiteSpec = STABLE, uri: str = URI) -> RpmRepository:
        return RpmRepository(suite, uri, self.package_signer)

    def publisher(self, suite: SuiteSpec = STABLE, uri: str = URI) -> Publisher:
        return Publisher(
            repository=self.repository(suite, uri),
            store=self.store,
            signer=self.signer,
            clock=self.clock,
            reporter=Quiet(),
        )

    def package(self, word: str, **changes: Any) -> BinaryPackage:
        """The package ``NAME_VERSION``."""
        name, _, version = word.partition("_")
        return read_rpm(make_rpm(self._directory / str(len(changes)), name, version or "1.0", **changes))

    def add(self, *words: str, suite: SuiteSpec = STABLE) -> Publication:
        return self.make(self.repository(suite).adding([self.package(word) for word in words]), suite)

    def make(self, change: object, suite: SuiteSpec = STABLE) -> Publication:
        self.store.now += timedelta(minutes=1)
        return self.publisher(suite).publish(change)

    def listed(self, suite: SuiteSpec = STABLE) -> list[str]:
        """What is published, as ``kat-web_1.0``."""
        published = self.repository(suite).published(self.store, self.signer)
        return [f"{each.name}_{each.version.partition('-')[0]}" for each in published]

    def prune(self, **rules: Any) -> list[str]:
        """Delete what is waste, and say what that was."""
        before = set(self.store.objects)
        waste = RpmWaste(self.store, self.signer, RetentionSpec(**rules), self.store.now)
        deletion = waste.spare(waste.plan(list(self.store.list("pool/"))))
        apply(deletion, self.store, self.clock, Quiet())
        return sorted(before - set(self.store.objects))


@pytest.fixture
def rpms(tmp_path: Path) -> MemoryRpms:
    return MemoryRpms(tmp_path)
