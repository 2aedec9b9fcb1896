"""The cache of artifacts: verified and whole, or not there; and the directories in which things become so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.target import Target
from katpkg.sources.base import BrokenOff
from katpkg.sources.cache import Cache
from katpkg.sources.partial import Arrival
from katpkg.sources.workplace import PREFIX, held, workplace
from tests.builders import make_artifact


class Bytes:
    """A source that has the same bytes for everybody, and counts how often they were brought."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.brought = 0

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        raise NotImplementedError

    def fetch(self, artifact: Artifact, to: Arrival) -> None:  # noqa: ARG002
        self.brought += 1
        to.restart()
        to.add(self.content)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    path = tmp_path / "web-1.0.zip"
    path.write_bytes(b"what was locked")
    return make_artifact(path)


def kept(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_an_artifact_is_brought_once(artifact: Artifact, tmp_path: Path) -> None:
    source, cache = Bytes(b"what was locked"), Cache(tmp_path / "cache")
    first = cache.get(artifact, source)
    assert cache.get(artifact, source) == first
    assert first.read_bytes() == b"what was locked"
    assert source.brought == 1


@pytest.mark.parametrize("damage", [b"", b"what was l0cked"])
def test_a_damaged_one_is_brought_anew(damage: bytes, artifact: Artifact, tmp_path: Path) -> None:
    source, cache = Bytes(b"what was locked"), Cache(tmp_path / "cache")
    path = cache.get(artifact, source)
    path.write_bytes(damage)
    assert cache.get(artifact, source).read_bytes() == b"what was locked"
    assert source.brought == 2


def test_other_bytes_than_were_locked_are_refused_and_not_kept(artifact: Artifact, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Cache(tmp_path / "cache").get(artifact, Bytes(b"something else"))
    assert caught.value.message == "web-1.0.zip is not the artifact that is locked"
    assert caught.value.where == "web-1.0.zip"
    assert caught.value.hint == "if what is there now is right: katpkg fetch web"
    assert str(artifact.digest) in str(caught.value.details)
    assert kept(tmp_path / "cache") == []


def test_a_source_that_fails_half_way_leaves_nothing(artifact: Artifact, tmp_path: Path) -> None:
    class Failing(Bytes):
        def fetch(self, artifact: Artifact, to: Arrival) -> None:
            super().fetch(artifact, to)
            raise SourceError("the line went dead")

    with pytest.raises(SourceError, match="the line went dead"):
        Cache(tmp_path / "cache").get(artifact, Failing(b"what was"))
    assert kept(tmp_path / "cache") == []


class Line(Bytes):
    """A source that breaks off after so many bytes each time, and goes on from what is there."""

    def __init__(self, content: bytes, each: int) -> None:
        super().__init__(content)
        self._each = each
        self.begun_with: list[int] = []

    def fetch(self, artifact: Artifact, to: Arrival) -> None:  # noqa: ARG002
        self.begun_with.append(to.size)
        to.add(self.content[to.size :][: self._each])
        if to.size < len(self.content):
            raise BrokenOff("the line went dead")


def test_what_arrived_before_it_broke_off_is_gone_on_from(artifact: Artifact, tmp_path: Path) -> None:
    source, cache = Line(b"what was locked", each=8), Cache(tmp_path / "cache")
    with pytest.raises(BrokenOff, match="the line went dead"):
        cache.get(artifact, source)
    assert [path.read_bytes() for path in kept(tmp_path / "cache")] == [b"what was"]
    assert cache.get(artifact, source).read_bytes() == b"what was locked"
    assert source.begun_with == [0, 8]
    assert kept(tmp_path / "cache") == [tmp_path / "cache/sha256" / artifact.digest.sha256]


def test_a_beginning_that_was_damaged_is_given_up_and_not_the_artifact(artifact: Artifact, tmp_path: Path) -> None:
    beginning = tmp_path / "cache/partial" / artifact.digest.sha256
    beginning.parent.mkdir(parents=True)
    beginning.write_bytes(b"WHAT")
    source = Line(b"what was locked", each=100)
    assert Cache(tmp_path / "cache").get(artifact, source).read_bytes() == b"what was locked"
    assert source.begun_with == [4, 0]
    assert kept(tmp_path / "cache") == [tmp_path / "cache/sha256" / artifact.digest.sha256]


def test_one_is_here_by_its_size_until_somebody_uses_it(artifact: Artifact, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert not cache.has(artifact)
    path = cache.get(artifact, Bytes(b"what was locked"))
    assert cache.has(artifact)
    path.write_bytes(b"what was")
    assert not cache.has(artifact)


def test_a_cache_that_cannot_be_written_is_said(artifact: Artifact, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SourceError) as caught:
        Cache(tmp_path / "cache").get(artifact, Bytes(b"what was locked"))
    assert caught.value.message == "web-1.0.zip cannot be kept: Not a directory"
    assert "set build.cache in katpkg.toml" in str(caught.value.hint)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns so often that every gap between two system calls is somebody's."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient")
def test_many_at_once_get_the_same_whole_file(artifact: Artifact, tmp_path: Path) -> None:
    for number in range(100):  # one round in twelve found the gap that once was here
        source, root = Bytes(b"what was locked"), tmp_path / f"cache-{number}"
        with ThreadPoolExecutor(8) as pool:
            paths = list(pool.map(lambda _: Cache(root).get(artifact, source), range(32)))  # noqa: B023 - all are awaited
        assert paths[0].read_bytes() == b"what was locked"
        assert kept(root) == [paths[0]]
        assert source.brought == 1


@pytest.mark.usefixtures("impatient")
def test_what_another_forgets_at_any_moment_is_brought_again(artifact: Artifact, tmp_path: Path) -> None:
    """Two at once to whom the same artifact is of no use: each takes it away."""
    source, cache = Bytes(b"what was locked"), Cache(tmp_path / "cache")

    def get_and_forget(_: int) -> bool:
        for _ in range(200):
            cache.get(artifact, source)
            cache.has(artifact)
            cache.forget(artifact)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(get_and_forget, range(4)))
    assert kept(tmp_path / "cache") == []


def test_a_workplace_goes_with_its_owner_whatever_happens(tmp_path: Path) -> None:
    def work() -> None:
        with workplace(tmp_path / "new", "web") as place:
            (place / "half").write_text("written")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_workplace_whose_owner_was_killed_is_cleared_away_and_one_in_use_is_not(tmp_path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path; from katpkg.sources.workplace import workplace\n"
        f"with workplace(Path({str(tmp_path)!r}), 'dead') as place:\n"
        "    (place / 'half').touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", program], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name[: len(PREFIX) + 4] for path in tmp_path.iterdir()] == [f"{PREFIX}dead"]
    with workplace(tmp_path, "one") as one, workplace(tmp_path, "two") as two:
        assert sorted(tmp_path.iterdir()) == sorted([one, two])
    assert list(tmp_path.iterdir()) == []


def test_who_holds_a_directory_is_waited_for(tmp_path: Path) -> None:
    waits, order = threading.Event(), []

    def second() -> None:
        with held(tmp_path, waits.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with held(tmp_path):
        thread.start()
        assert waits.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
