"""What is built, what is not because it exists, and what is left when one of several builds fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.names import Codename, PackageName
from katpkg.model.version import Version
from katpkg.pipeline.built import BuildDirectory
from katpkg.pipeline.jobs import Job, Make
from katpkg.pipeline.published import PublishedDebs
from katpkg.pipeline.yard import Outcome, State, Yard
from katpkg.report import Quiet
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.published import PublishedPackage
from katpkg.sources.workplace import held
from tests.builders import ALL, make_package, make_target
from tests.trees import tree

BOOKWORM = Codename("bookworm")
EQUAL, OTHER = "1" * 64, "2" * 64


class Published(PublishedDebs):
    """A release of which is published what a test says."""

    def __init__(self, *stanzas: Stanza, pool: Mapping[str, Digest]) -> None:
        self.stanzas = stanzas
        self.pool = pool

    def of(self, name: PackageName, architecture: str) -> tuple[Stanza, ...]:
        return tuple(each for each in self.stanzas if (each.name, each.architecture) == (name, architecture))

    def stored(self, name: PackageName, version: Version, architecture: str) -> Digest | None:
        return self.pool.get(f"{name}_{version}_{architecture}")

    def members(self, published: PublishedPackage) -> tuple[str, ...]:
        return (f"/of/{published.version}",)


@dataclass(kw_only=True)
class Site:
    """A yard, and where it keeps things."""

    root: Path
    notes: list[str] = field(default_factory=list)
    pool: dict[str, Digest] = field(default_factory=dict)
    """Files that lie in the pool, besides those that are published."""

    @property
    def directory(self) -> BuildDirectory:
        return BuildDirectory(self.root / "build", BOOKWORM)

    def yard(self, *published: Stanza, cores: int = 1) -> Yard:
        return Yard(
            releases={BOOKWORM: Published(*published, pool=self.pool)},
            directories={BOOKWORM: self.directory},
            cores=cores,
            reporter=Notes(self.notes),
        )

    def published(self, version: str, inputs: str = EQUAL) -> Stanza:
        elsewhere = self.root / "published"
        elsewhere.mkdir(exist_ok=True)
        return replace(Stanza.of(make_package(elsewhere, version=version), "pool/x.deb"), inputs=inputs)

    def job(self, name: str = "kat-web", inputs: str = EQUAL, make: Make | None = None) -> Job:
        return Job(
            target=make_target(),
            package=PackageName(name),
            architecture=ALL,
            upstream=Version("1.0"),
            inputs=inputs,
            make=make or (lambda version, _before: make_package(self.directory.path, name, version)),
        )


class Notes(Quiet):
    """Keeps what is noted."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(root=tmp_path)


def versions(outcomes: list[Outcome]) -> list[tuple[State, str]]:
    return [(each.state, each.version) for each in outcomes]


def test_what_never_was_is_built_at_the_first_revision(site: Site) -> None:
    assert versions(site.yard().run([site.job()])) == [(State.BUILT, "1.0-1~deb12u1")]
    assert [each.filename for each in site.directory.read()] == ["kat-web_1.0-1~deb12u1_all.deb"]


def test_what_lies_there_from_equal_inputs_is_kept(site: Site) -> None:
    site.yard().run([site.job()])
    before = tree(site.directory.path, times=True)["kat-web_1.0-1~deb12u1_all.deb"]
    assert versions(site.yard().run([site.job()])) == [(State.KEPT, "1.0-1~deb12u1")]
    assert tree(site.directory.path, times=True)["kat-web_1.0-1~deb12u1_all.deb"] == before


def test_what_is_published_from_equal_inputs_is_not_built(site: Site) -> None:
    outcomes = site.yard(site.published("1.0-3~deb12u1")).run([site.job()])
    assert versions(outcomes) == [(State.PUBLISHED, "1.0-3~deb12u1")]
    assert outcomes[0].built is None


def test_from_other_inputs_it_gets_the_revision_after_all_that_are_published(site: Site) -> None:
    published = [site.published("1.0-1~deb12u1", EQUAL), site.published("1.0-2~deb12u1", OTHER)]
    assert versions(site.yard(*published).run([site.job()])) == [(State.BUILT, "1.0-3~deb12u1")]


def test_a_revision_that_was_removed_is_not_given_to_other_bytes(site: Site) -> None:
    """Its file lies in the pool until it is pruned, and a published file never changes."""
    site.pool = {f"kat-web_1.0-{number}~deb12u1_all": Digest.of(b"removed") for number in (2, 3)}
    outcomes = site.yard(site.published("1.0-1~deb12u1", OTHER)).run([site.job()])
    assert versions(outcomes) == [(State.BUILT, "1.0-4~deb12u1")]
    assert versions(site.yard(site.published("1.0-1~deb12u1", OTHER)).run([site.job()])) == [
        (State.KEPT, "1.0-4~deb12u1")
    ]


def test_what_an_interrupted_publication_uploaded_is_still_what_was_built(site: Site) -> None:
    (built,) = site.yard().run([site.job()])
    assert built.built is not None
    site.pool = {"kat-web_1.0-1~deb12u1_all": built.built.digest}
    assert versions(site.yard().run([site.job()])) == [(State.KEPT, "1.0-1~deb12u1")]


def test_a_revision_of_another_upstream_version_does_not_count(site: Site) -> None:
    assert versions(site.yard(site.published("0.9-7~deb12u1", OTHER)).run([site.job()])) == [
        (State.BUILT, "1.0-1~deb12u1")
    ]


def test_what_lies_there_at_a_revision_that_was_taken_meanwhile_is_built_again(site: Site) -> None:
    site.yard().run([site.job()])
    published = site.published("1.0-1~deb12u1", OTHER)
    assert versions(site.yard(published).run([site.job()])) == [(State.BUILT, "1.0-2~deb12u1")]
    assert [path.name for path in site.directory.path.glob("*.deb")] == ["kat-web_1.0-2~deb12u1_all.deb"]


def test_what_comes_finished_keeps_its_own_version(site: Site) -> None:
    job = replace(site.job(), is_finished=True, make=lambda _v, _b: make_package(site.directory.path, version="7-7"))
    assert versions(site.yard().run([job])) == [(State.BUILT, "7-7")]
    assert versions(site.yard().run([job])) == [(State.KEPT, "7-7")]


def test_a_build_is_told_what_the_last_published_version_holds(site: Site) -> None:
    told: list[tuple[str, ...]] = []

    def make(version: Version, before: tuple[str, ...]) -> BinaryPackage:
        told.append(before)
        return make_package(site.directory.path, version=version)

    published = [site.published("0.8-1~deb12u1", OTHER), site.published("0.9-1~deb12u1", OTHER)]
    site.yard(*published).run([site.job(make=make)])
    site.yard().run([site.job(inputs=OTHER, make=make)])
    assert told == [("/of/0.9-1~deb12u1",), ()]


def fail(_version: Version, _before: tuple[str, ...]) -> BinaryPackage:
    raise BuildError("it fell over")


def test_when_one_fails_what_was_made_before_is_kept_and_recorded_and_none_is_begun_after(site: Site) -> None:
    begun: list[str] = []

    def late(version: Version, _before: tuple[str, ...]) -> BinaryPackage:
        begun.append(version)
        return make_package(site.directory.path, "kat-late", version)

    jobs = [site.job("kat-first"), site.job("kat-bad", make=fail), site.job("kat-late", make=late)]
    with pytest.raises(BuildError, match="it fell over"):
        site.yard(cores=1).run(jobs)
    recorded = [each.package for each in site.directory.read()]
    assert recorded[:1] == ["kat-first"]
    assert ["kat-late"] * len(begun) == recorded[1:]


def test_what_others_built_stays_recorded(site: Site) -> None:
    site.yard().run([site.job("kat-a")])
    site.yard().run([site.job("kat-b")])
    assert [each.package for each in site.directory.read()] == ["kat-a", "kat-b"]
    assert {path.name[:5] for path in site.directory.path.glob("*.deb")} == {"kat-a", "kat-b"}


def test_a_plan_says_the_version_and_writes_nothing(site: Site) -> None:
    outcomes = site.yard(site.published("1.0-1~deb12u1", OTHER)).plan([site.job(), site.job("kat-new")])
    assert versions(outcomes) == [(State.PLANNED, "1.0-2~deb12u1"), (State.PLANNED, "1.0-1~deb12u1")]
    assert not site.directory.path.exists()


def test_who_builds_in_the_same_place_is_waited_for(site: Site) -> None:
    site.directory.path.mkdir(parents=True)
    done: list[Outcome] = []
    thread = threading.Thread(target=lambda: done.extend(site.yard().run([site.job()])))
    with held(site.directory.path):
        thread.start()
        while not site.notes:
            assert thread.is_alive()
            time.sleep(0.01)
        assert done == []
        assert site.notes == ["another katpkg is building here; waiting"]
    thread.join(60)
    assert versions(done) == [(State.BUILT, "1.0-1~deb12u1")]


def test_a_build_directory_that_is_a_file_is_said(site: Site) -> None:
    (site.root / "build").touch()
    with pytest.raises(BuildError) as caught:
        site.yard().run([site.job()])
    assert caught.value.message == "the build directory cannot be written: Not a directory"
    assert "build.directory in katpkg.toml" in str(caught.value.hint)
