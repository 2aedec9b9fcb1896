"""Going back, promoting, removing, refreshing and pruning, as a real apt sees them: real packages, gpg, a directory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from katpkg.model.archive import RetentionSpec
from katpkg.model.names import Architecture, Selector, SuiteName
from katpkg.model.suite import SuiteSpec
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.commit import Publisher
from katpkg.pipeline.prune import Pruner
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Add, Change, Promote, Refresh, Remove, Restore
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.history import HISTORY
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.keys import NewKey, PublicKey, new_key
from katpkg.repository.publication import Publication
from katpkg.repository.signing import GpgSigner
from katpkg.store.local import LocalStore
from tests.builders import make_deb, make_suite
from tests.integration.test_apt import Apt

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("generations")]

STABLE = make_suite(architectures=(Architecture("amd64"),))
TESTING = replace(STABLE, name=SuiteName("bookworm-testing"))
LONG_AGO = datetime.now(UTC) - timedelta(days=300)


class Site:
    """An archive in a directory, a clock that a test sets, and an apt that follows bookworm."""

    def __init__(self, root: Path, key: NewKey, signer: GpgSigner) -> None:
        self.root = root
        self.public = root / "public"
        self.store = LocalStore(self.public)
        self.signer = signer
        self.now = LONG_AGO
        (root / "key.asc").write_bytes(key.public)
        self.apt = Apt(root / "apt", f"file:{self.public}", root / "key.asc")

    def publisher(self, suite: SuiteSpec) -> Publisher:
        """Who changes ``suite``."""
        return Publisher(
            repository=AptRepository(suite),
            store=self.store,
            signer=self.signer,
            clock=lambda: self.now,
            reporter=Quiet(),
        )

    def make(self, change: Change, suite: SuiteSpec = STABLE) -> Publication:
        """Make ``change``, a minute after the last; what it wrote has the time of the clock."""
        self.now += timedelta(minutes=1)
        publication = self.publisher(suite).publish(change)
        self._date_files()
        return publication

    def add(self, *words: str, suite: SuiteSpec = STABLE) -> Publication:
        """Publish packages: ``demo-a_1.0-1``."""
        admitted = [AptRepository(suite).admit(read_deb(self._deb(word))) for word in words]
        return self.make(Add(packages=admitted), suite)

    def prune(self, *suites: SuiteSpec, retention: RetentionSpec) -> None:
        """Prune, a minute after the last change."""
        self.now += timedelta(minutes=1)
        Pruner(
            store=self.store,
            verifier=self.signer,
            retention=retention,
            clock=lambda: self.now,
            reporter=Quiet(),
            publishers=[self.publisher(suite) for suite in suites],
        ).prune()
        self._date_files()

    def current(self, suite: SuiteSpec = STABLE) -> Generation:
        """What is published."""
        found = Generation.read(self.store, self.signer, suite.name)
        assert found is not None
        return found

    def seen(self) -> list[str]:
        """What apt finds after an update, as ``demo-a_1.0-1``."""
        updated = self.apt.get("update", "--error-on=any")
        assert updated.returncode == 0, updated.stderr
        return self.listed()

    def listed(self) -> list[str]:
        """What apt finds without an update."""
        environment = {**os.environ, "APT_CONFIG": str(self.apt.root / "apt.conf")}
        names = _asked("pkgnames", env=environment).split()
        rows = _asked("madison", *names, env=environment).splitlines() if names else []
        return sorted("_".join(word.strip() for word in row.split("|")[:2]) for row in rows)

    def _deb(self, word: str) -> Path:
        name, _, version = word.partition("_")
        directory = self.root / "debs" / word
        found = list(directory.glob("*.deb"))
        return found[0] if found else make_deb(directory, {"Package": name, "Version": version})

    def _date_files(self) -> None:
        """Time passes for a test and not for the file system."""
        stamp = self.now.timestamp()
        for path in self.public.rglob("*"):
            if path.is_file() and path.stat().st_mtime > stamp:
                os.utime(path, (stamp, stamp))


def _asked(*words: str, env: dict[str, str]) -> str:
    return subprocess.run(["apt-cache", *words], check=True, capture_output=True, text=True, env=env).stdout


@pytest.fixture(scope="module")
def key() -> NewKey:
    return new_key("archive <archive@example.org>")


@pytest.fixture
def site(tmp_path: Path, key: NewKey) -> Iterator[Site]:
    with GpgSigner(PublicKey.parse(key.public, "key"), key.secret, "") as signer:
        yield Site(tmp_path, key, signer)


def test_after_a_rollback_apt_sees_the_earlier_state_and_takes_it(site: Site) -> None:
    site.add("demo-a_1.0-1", "demo-b_1.0-1")
    first = site.current()
    assert site.seen() == ["demo-a_1.0-1", "demo-b_1.0-1"]
    site.make(Remove(packages=(Selector("demo-b"),)))
    site.add("demo-a_2.0-1")
    assert site.seen() == ["demo-a_1.0-1", "demo-a_2.0-1"]
    site.make(Restore(generation=first.name))
    assert site.seen() == ["demo-a_1.0-1", "demo-b_1.0-1"]
    assert site.current().release.date > first.release.date
    assert site.apt.get("download", "demo-b").returncode == 0


def test_what_is_promoted_is_the_file_that_testers_had(site: Site) -> None:
    site.add("demo-a_1.0-1")
    site.add("demo-b_1.0-1", suite=TESTING)
    pool = {path: path.stat().st_ino for path in site.public.rglob("*.deb")}
    assert site.seen() == ["demo-a_1.0-1"]
    site.make(Promote(source=TESTING))
    assert site.seen() == ["demo-a_1.0-1", "demo-b_1.0-1"]
    assert {path: path.stat().st_ino for path in site.public.rglob("*.deb")} == pool
    assert site.apt.get("download", "demo-b").returncode == 0
    got = (site.apt.root / "here" / "demo-b_1.0-1_all.deb").read_bytes()
    assert got == (site.public / "pool/bookworm/main/d/demo-b/demo-b_1.0-1_all.deb").read_bytes()


def test_apt_finds_no_more_what_was_removed(site: Site) -> None:
    site.add("demo-a_1.0-1", "demo-a_2.0-1", "demo-b_1.0-1")
    assert len(site.seen()) == 3
    site.make(Remove(packages=(Selector("demo-a=1*"), Selector("demo-b"))))
    assert site.seen() == ["demo-a_2.0-1"]
    assert "Unable to locate package demo-b" in site.apt.get("download", "demo-b").stderr


def test_an_archive_that_nobody_refreshes_is_refused_and_a_refresh_makes_it_valid(site: Site) -> None:
    suite = replace(STABLE, valid_for=timedelta(days=10))
    site.add("demo-a_1.0-1", suite=suite)
    expired = site.apt.get("update", "--error-on=any")
    assert expired.returncode != 0
    assert "is expired" in expired.stderr
    site.now = datetime.now(UTC) - timedelta(days=1)
    site.make(Refresh(), suite)
    assert site.seen() == ["demo-a_1.0-1"]
    assert site.current().release.valid_until == site.now.replace(microsecond=0) + timedelta(days=10)


def test_after_a_prune_every_state_that_history_offers_can_be_gone_back_to(site: Site) -> None:
    for number in range(6):
        site.now += timedelta(days=20)
        site.add(f"demo-a_{number}.0-1", suite=TESTING)
        site.make(Promote(source=TESTING))
    rules = RetentionSpec(versions=2, days=30, generations=3)
    assert len(list(site.public.rglob("*.deb"))) == 6
    for _ in range(8):
        site.now += timedelta(days=10)
        site.prune(STABLE, TESTING, retention=rules)
        site.make(Refresh())
        site.make(Refresh(), TESTING)
    site.prune(STABLE, TESTING, retention=rules)
    assert sorted(path.name for path in site.public.rglob("*.deb")) == ["demo-a_4.0-1_all.deb", "demo-a_5.0-1_all.deb"]
    assert site.seen() == ["demo-a_4.0-1", "demo-a_5.0-1"]
    offered = HISTORY.states(site.store, site.signer, STABLE.name)
    assert len(offered) == 4
    for state in offered[1:]:
        assert state.lost == ""
        site.make(Restore(generation=state.name))
        assert site.seen() == ["demo-a_4.0-1", "demo-a_5.0-1"]


def test_a_client_that_was_away_while_much_was_pruned_goes_on(site: Site) -> None:
    site.add("demo-a_1.0-1")
    assert site.seen() == ["demo-a_1.0-1"]
    for number in range(2, 5):
        site.now += timedelta(days=40)
        site.add(f"demo-a_{number}.0-1")
    for _ in range(3):  # out of the index, with the generation that had them, a week after that
        site.now += timedelta(days=30)
        site.prune(STABLE, retention=RetentionSpec(versions=1, generations=0))
    assert [path.name for path in site.public.rglob("*.deb")] == ["demo-a_4.0-1_all.deb"]
    assert site.listed() == ["demo-a_1.0-1"]
    assert site.seen() == ["demo-a_4.0-1"]


def test_history_says_what_each_state_changed_and_which_are_lost(site: Site) -> None:
    site.add("demo-a_1.0-1")
    site.add("demo-a_2.0-1", "demo-b_1.0-1")
    site.make(Remove(packages=(Selector("demo-a=1*"),)))
    site.make(Refresh())
    states = HISTORY.states(site.store, site.signer, STABLE.name)
    assert [state.is_current for state in states] == [True, False, False, False]
    told = [each and (each.added, each.removed) for each in HISTORY.differences(site.store, states)]
    assert told == [((), ()), ((), ("demo-a 1.0-1",)), (("demo-a 2.0-1", "demo-b 1.0-1"), ()), None]
    for path in site.public.rglob("by-hash/*/*"):
        if path.stat().st_mtime < (site.now - timedelta(seconds=150)).timestamp():
            path.unlink()
    (site.public / "dists/bookworm/generations" / states[2].name / "InRelease").write_text("evil")
    lost = [state.lost for state in HISTORY.states(site.store, site.signer, STABLE.name)]
    assert lost[:2] == ["", ""]
    assert "it is not signed by" in lost[2]
    assert lost[3] == "its indexes are gone"
