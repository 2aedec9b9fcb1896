"""From a GitHub to katpkg.lock and the cache, by the command line: upstream's own definition against a picture of what
is there, and Debian's gh as a witness that the server is believable.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from katpkg.config.project import load_project
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.payload import DebPayload
from katpkg.packages.deb.head import read_head
from katpkg.pipeline.fetch import PARALLEL
from katpkg.sources.lock import read_lock
from katpkg.sources.unpack import opened
from tests.conftest import ROOT
from tests.github.canary import CANARY, POWERLESS, REVOKED, caged, tells
from tests.github.line import Line
from tests.github.openkat import ARTIFACTS, PICTURE, VERSION, make_openkat
from tests.github.server import GitHub
from tests.github.world import Repository, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("github")]

PEAK = """
import atexit, re
from pathlib import Path
from katpkg.__main__ import main
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
main()
"""
"""Tells at its end how many KiB it needed at most."""

BUG = """
import logging, sys
from katpkg.sources.http import Http
def fail(http, *_):
    raise RuntimeError(f"in the middle of {vars(http)}")
Http._pool = fail
logging.basicConfig(level=0, stream=sys.stderr)
from katpkg.__main__ import main
main()
"""
"""Breaks off where the token is at hand, and says all that it can."""

OTHER = PICTURE["others"]["asset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A copy of the OpenKAT archive's definition whose GitHub is the one of the tests."""

    github: GitHub
    repository: Repository
    root: Path

    @property
    def directory(self) -> Path:
        """Where the definition lies."""
        return self.root / "repo"

    @property
    def cache(self) -> Path:
        """Where artifacts are kept."""
        return self.root / "build" / "cache"

    @property
    def asked(self) -> Counter[str]:
        """How often each host was asked."""
        return Counter(heard.host for heard in self.github.heard)

    @property
    def locked(self) -> tuple[Artifact, ...]:
        """What katpkg.lock says."""
        lock = read_lock(self.directory / "katpkg.lock")
        assert lock is not None
        return lock.artifacts

    @property
    def packages(self) -> set[tuple[str, str, str, str]]:
        """Codename, package, version and architecture of every .deb that was fetched."""
        project = load_project(self.directory).project
        kinds = {(each.name, name): each.payload for name, specs in project.modules.items() for each in specs}
        found: set[tuple[str, str, str, str]] = set()
        for artifact in self.locked:
            payload = kinds[artifact.module, artifact.codename]
            assert isinstance(payload, DebPayload)
            with opened(artifact, self.cache / "sha256" / artifact.digest.sha256, payload.deb) as content:
                fields = read_head(content, artifact.name)
            found.add((artifact.codename, fields["Package"], fields["Version"], fields["Architecture"]))
        return found

    def katpkg(self, *words: str, token: str = CANARY, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Call the command line as a user would."""
        done = subprocess.run(self.command(*words), check=False, capture_output=True, text=True, env=environment(token))
        assert done.returncode == status, done.stdout + done.stderr
        assert not tells(done.stdout + done.stderr)
        return done

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "katpkg", "-C", str(self.directory), *words]


def environment(token: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_TOKEN")}
    return {**kept, "GITHUB_TOKEN": token, "PYTHONPATH": str(ROOT)} if token else {**kept, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    world = World(tokens={CANARY: True, POWERLESS: False})
    repository = make_openkat(world, tmp_path / "packages")
    shutil.copytree(ROOT / "repo", tmp_path / "repo", ignore=shutil.ignore_patterns("*.lock"))
    with GitHub(world) as github, caged(github, tmp_path):
        for path in (tmp_path / "repo" / "katpkg.toml", *(tmp_path / "repo" / "modules").glob("*.toml")):
            path.write_text(path.read_text().replace('kind = "github"', f'kind = "github"\napi = "{github.api}"'))
        yield Upstream(github=github, repository=repository, root=tmp_path)
    assert github.broken == []


def test_upstreams_run_is_resolved_to_its_eleven_artifacts_and_to_no_look_alike(upstream: Upstream) -> None:
    upstream.katpkg("fetch")
    assert {artifact.name for artifact in upstream.locked} == ARTIFACTS | {OTHER}
    assert len(ARTIFACTS) == 11
    of_the_run = [each for each in upstream.locked if each.name in ARTIFACTS]
    assert len(of_the_run) == 11
    assert {each.provenance.run for each in of_the_run if each.provenance} == {min(upstream.repository.runs)}
    kept = {path.name: Digest.of(path) for path in (upstream.cache / "sha256").iterdir()}
    assert kept == {each.digest.sha256: each.digest for each in upstream.locked}


def test_the_three_assets_of_the_release_give_the_same_packages_as_the_run(upstream: Upstream) -> None:
    upstream.katpkg("fetch")
    from_run = upstream.packages
    for artifact in upstream.repository.artifacts.values():
        artifact["expired"] = True
    told = upstream.katpkg("fetch").stderr
    assert {each.name for each in upstream.locked} == {*PICTURE["assets"], OTHER}
    assert upstream.packages == from_run
    assert f"kat-rocky_{VERSION}_ubuntu22.04.deb has expired on 2027-01-30; the release's asset is taken" in told


def test_the_second_fetch_of_a_lock_asks_nobody_and_takes_no_time(upstream: Upstream) -> None:
    upstream.katpkg("fetch")
    before, asked = (upstream.directory / "katpkg.lock").read_bytes(), len(upstream.github.heard)
    began = os.times()
    done = upstream.katpkg("fetch", "--locked")
    ended = os.times()
    assert ended.children_user + ended.children_system - began.children_user - began.children_system < 3
    assert len(upstream.github.heard) == asked
    assert "every artifact is here already" in done.stderr
    assert (upstream.directory / "katpkg.lock").read_bytes() == before


class Together(Line):
    """Lets nothing through before all are on their way."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._barrier = threading.Barrier(number, timeout=120)

    def carry(self, size: int) -> None:
        self._barrier.wait()
        super().carry(size)


def test_all_that_one_push_left_behind_comes_at_once(upstream: Upstream) -> None:
    upstream.github.line = Together(PARALLEL)
    upstream.katpkg("fetch")
    assert upstream.asked["storage"] == PARALLEL == 12


def test_when_one_of_them_fails_the_rest_is_whole_or_gone_on_with(upstream: Upstream) -> None:
    wrong = next(each for each in upstream.repository.artifacts.values() if each["name"] in ARTIFACTS)
    upstream.github.fail(f"/artifacts/{wrong['id']}/zip", 410, "Artifact has expired")
    done = upstream.katpkg("fetch", status=4)
    assert f"error: {wrong['name']} is locked, and has expired on 2027-01-30" in done.stderr
    assert not (upstream.directory / "katpkg.lock").exists()
    whole = {path.name for path in (upstream.cache / "sha256").glob("*")}
    assert whole == {Digest.of(path).sha256 for path in (upstream.cache / "sha256").glob("*")}
    upstream.github.heard.clear()
    upstream.katpkg("fetch")
    assert upstream.asked["storage"] <= 12 - len(whole)


def test_looking_again_downloads_nothing_and_asks_little(upstream: Upstream) -> None:
    upstream.katpkg("fetch")
    assert upstream.asked == {"api": 4 + 3 + 12, "storage": 12}
    upstream.github.heard.clear()
    assert "katpkg.lock is up to date" in upstream.katpkg("fetch").stderr
    assert upstream.asked == {"api": 4 + 3}


def test_a_lock_is_fetched_on_another_machine_as_it_is_though_there_is_a_newer_run(upstream: Upstream) -> None:
    upstream.katpkg("fetch")
    before = upstream.locked
    shutil.rmtree(upstream.cache)
    upstream.repository.tag("v1.21.0")
    upstream.repository.run("v1.21.0", path=PICTURE["workflow"])
    upstream.katpkg("fetch", "--locked", "rocky")
    assert upstream.locked == before
    rocky = {each.digest.sha256 for each in before if each.module == "rocky"}
    assert {path.name for path in (upstream.cache / "sha256").iterdir()} == rocky


def test_what_is_told_as_json_has_the_whole_provenance(upstream: Upstream) -> None:
    told = json.loads(upstream.katpkg("--json", "fetch", "--dry-run", "--tag", "v1.20.1").stdout)
    rocky = next(each for each in told["artifacts"] if each["module"] == "rocky")
    assert rocky["provenance"]["commit"] == upstream.repository.tags["v1.20.1"]
    assert not (upstream.directory / "katpkg.lock").exists()


@pytest.mark.parametrize(
    ("words", "token", "message"),
    [
        (["fetch"], "", "GitHub gives this to nobody without a token"),
        (["fetch"], POWERLESS, "the token may not do this"),
        (["fetch"], REVOKED, "GitHub does not accept the token"),
        (["-v", "fetch", "--run", "7"], CANARY, "has no run 7"),
        (["fetch", "--branch", "feature"], CANARY, "there is no run of branch feature"),
    ],
)
def test_what_is_refused_is_said_and_leaves_nothing(
    words: list[str], token: str, message: str, upstream: Upstream
) -> None:
    done = upstream.katpkg(*words, token=token, status=4)
    assert message in done.stderr
    assert " hint: " in done.stderr
    assert not [path for path in upstream.cache.rglob("*") if path.is_file() and path.parent.name == "partial"]
    assert not (upstream.directory / "katpkg.lock").exists()


def test_the_traceback_of_a_bug_does_not_tell_the_token(upstream: Upstream) -> None:
    command = [sys.executable, "-c", BUG, *upstream.command("fetch")[3:]]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment(CANARY))
    assert done.returncode == 1
    assert "RuntimeError: in the middle of {" in done.stderr
    assert "Secret(***)" in done.stderr
    assert not tells(done.stdout + done.stderr)


def test_two_ways_to_ask_for_a_run_at_once_are_refused(upstream: Upstream) -> None:
    done = upstream.katpkg("fetch", "--tag", "v1.20.1", "--branch", "main", status=3)
    assert "say one of --tag, --branch, --commit, --run and --locked" in done.stderr
    assert upstream.github.heard == []


def test_a_package_for_another_distribution_under_the_right_name_is_refused_and_not_kept(upstream: Upstream) -> None:
    by_name = {each["name"]: each for each in upstream.repository.artifacts.values()}
    right, wrong = (by_name[f"kat-mula_{VERSION}_{dist}.deb"] for dist in ("debian12", "ubuntu22.04"))
    right["digest"], right["size_in_bytes"] = wrong["digest"], wrong["size_in_bytes"]
    upstream.repository.stored[right["id"]] = upstream.repository.stored[wrong["id"]]
    done = upstream.katpkg("fetch", status=4)
    assert "needs python3.10, and bookworm has Python 3.11" in done.stderr
    assert not (upstream.cache / "sha256" / wrong["digest"].removeprefix("sha256:")).exists()
    assert not (upstream.directory / "katpkg.lock").exists()


def test_whoever_presses_ctrl_c_goes_on_from_there(upstream: Upstream) -> None:
    enlarge(upstream, min(upstream.repository.artifacts), os.urandom(8 << 20))
    upstream.github.line = Line(5e6)
    with subprocess.Popen(
        upstream.command("fetch"), env=environment(CANARY), stderr=subprocess.PIPE, text=True
    ) as child:
        wait_for(lambda: any(size_of(path) > 1 << 20 for path in (upstream.cache / "partial").glob("*")))
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=300)
    assert child.returncode == 130, told
    assert "interrupted; nothing was left half-done" in told
    (begun,) = [path for path in (upstream.cache / "partial").iterdir() if path.stat().st_size > 1 << 20]
    size = begun.stat().st_size
    upstream.github.line = Line()
    upstream.katpkg("fetch")
    assert f"bytes={size}-" in [heard.headers.get("range") for heard in upstream.github.heard]
    assert list((upstream.cache / "partial").iterdir()) == []


def enlarge(upstream: Upstream, number: int, by: bytes) -> None:
    """Make an artifact a large one: its package, and something beside it."""
    file = io.BytesIO(upstream.repository.stored[number].content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("beside", by)
    content = file.getvalue()
    upstream.repository.stored[number].content = content
    upstream.repository.artifacts[number].update(
        size_in_bytes=len(content), digest=f"sha256:{hashlib.sha256(content).hexdigest()}"
    )


def size_of(path: Path) -> int:
    """Bytes of a file that may be whole, and elsewhere, by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def wait_for(happens: Any) -> None:
    end = time.monotonic() + 120
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_memory_does_not_grow_with_what_is_downloaded_though_all_of_it_comes_at_once(upstream: Upstream) -> None:
    large = os.urandom(30_000_000)
    for number, artifact in upstream.repository.artifacts.items():
        if artifact["name"] in ARTIFACTS:
            enlarge(upstream, number, large)
    command = [sys.executable, "-c", PEAK, *upstream.command("fetch")[3:]]
    done = subprocess.run(command, env=environment(CANARY), check=True, capture_output=True, text=True)
    assert int(done.stdout.splitlines()[-1]) < 100 << 10
    kept = [path.stat().st_size for path in (upstream.cache / "sha256").iterdir()]
    assert len([size for size in kept if size > len(large)]) == 11


def test_debians_gh_downloads_the_same_from_the_same_server_which_keeps_githubs_contract(tmp_path: Path) -> None:
    command = ["unshare", "--net", "--mount", "--fork", sys.executable, "-m", "tests.github.gh", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    assert set(seen["artifacts"]) == ARTIFACTS
    assert seen["files"] == sorted(
        f"kat-{module}_{VERSION}_{'all' if module in PICTURE['all'] else 'amd64'}.deb"
        for module in PICTURE["modules"]["debian12"]
    )
    assert set(seen["assets"]) == set(PICTURE["assets"])
    assert seen["pages"] == 3
    assert seen["broken"] == []
    assert seen["told"] == ["api"]
