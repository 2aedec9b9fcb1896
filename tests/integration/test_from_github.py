"""From a repository to a published archive, and back from a package to its commit, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from katpkg.model.digests import Digest
from katpkg.sources.lock import read_lock
from tests.conftest import ROOT
from tests.github.canary import CANARY, caged, tells
from tests.github.desk import Desk
from tests.github.hub import open_hub
from tests.github.openkat import ARTIFACTS, PICTURE, make_openkat
from tests.github.server import GitHub
from tests.github.world import World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("github")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_hub(tmp_path, "build/cache") as hub:
        yield Desk(hub, tmp_path)


def test_a_package_is_traced_back_to_its_commit_and_a_plan_says_what_is_left_to_do(desk: Desk) -> None:
    todo, keyring = ("kat-web", "kat"), "kat-archive-keyring"
    assert desk.plan() == {"kat-web": (True, True, True), "kat": (False, True, True), keyring: (False, True, True)}
    assert not (desk.directory / "katpkg.lock").exists()
    entry = {"module": "web", "target": "bookworm/amd64", "name": "web-bookworm-amd64", "codename": "bookworm"}
    entry |= {"architecture": "amd64", "version": "1.0-1~deb12u1"}
    assert json.loads(desk.katpkg("plan", "--matrix").stdout) == {"include": [entry]}

    told = desk.on_runner("fetch").stderr
    assert "::group::looking for artifacts" in told
    assert "web-1.0.zip is attested: " in told
    assert "| web | bookworm/amd64 | 1.0 | " in desk.summary.read_text()
    assert desk.plan()["kat-web"] == (False, True, True)
    desk.katpkg("build", "--no-lintian")
    assert desk.plan() == dict.fromkeys((*todo, keyring), (False, False, True))
    desk.katpkg("publish")
    assert desk.plan() == dict.fromkeys((*todo, keyring), (False, False, False))
    assert json.loads(desk.katpkg("plan", "--matrix").stdout) == {"include": []}

    _check_story(desk)
    _check_package(desk, json.loads(desk.katpkg("--json", "explain", "kat-web").stdout)["packages"])
    _check_without_lock(desk)


def _check_story(desk: Desk) -> None:
    told = desk.katpkg("explain", "kat-web").stdout
    assert told.startswith("kat-web 1.0-1~deb12u1 all, in bookworm\n")
    assert f"{desk.hub.run['head_sha']} of acme/web, refs/tags/v1.0" in told
    assert f"{desk.hub.run['id']}, attempt 1, of .github/workflows/build.yml, started by push" in told
    assert f"web-1.0.zip, id {desk.artifact['id']}, {len(desk.zip)} bytes" in told
    assert f"verified: {desk.hub.github.api}/acme/web/.github/workflows/build.yml@refs/tags/v1.0" in told
    assert "katpkg.lock names this artifact" in told


def _check_package(desk: Desk, found: list[dict[str, Any]]) -> None:
    assert len(found) == 1
    file = desk.directory / "public" / found[0]["file"]
    assert (found[0]["size"], found[0]["sha256"]) == (file.stat().st_size, Digest.of(file).sha256)
    assert found[0]["built_from"]["sha256"] == Digest.of(desk.zip).sha256
    assert found[0]["locked"]["provenance"]["commit"] == desk.hub.run["head_sha"]
    fields = subprocess.run(["dpkg-deb", "--field", file, "Katpkg-Inputs"], capture_output=True, text=True, check=True)
    assert found[0]["inputs"] == fields.stdout.strip()


def _check_without_lock(desk: Desk) -> None:
    (desk.directory / "katpkg.lock").unlink()
    told = desk.katpkg("explain", "kat-web=1.0*").stdout
    assert desk.hub.run["head_sha"] in told
    assert "katpkg.lock names another artifact by now, or none" in told
    wrong = desk.katpkg("explain", "kat-wbe", status=7).stderr
    assert wrong.startswith("error: kat-wbe is not published\n")
    assert " hint: kat-web is, in versions that katpkg history --changes shows" in wrong
    (desk.directory / "public" / _pool(desk)).write_bytes(b"something else")
    assert "is not the one that is published" in desk.katpkg("explain", "kat-web", status=7).stderr


def _pool(desk: Desk) -> str:
    return next(
        str(path.relative_to(desk.directory / "public")) for path in desk.directory.rglob("public/**/kat-web_*.deb")
    )


def test_on_a_runner_what_is_wrong_is_an_annotation(desk: Desk) -> None:
    desk.hub.repository.attestations.clear()
    told = desk.on_runner("fetch", status=4).stderr
    annotation = next(line for line in told.splitlines() if line.startswith("::error"))
    assert annotation.startswith(
        "::error title=katpkg::nothing proves that index.html is what the workflow built%0Ain: "
    )
    assert "::endgroup::" in told
    assert "    | acme/web has no attestation of it" in told
    assert not (desk.directory / "katpkg.lock").exists()


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[GitHub]:
    world = World(tokens={CANARY: True})
    make_openkat(world, tmp_path / "packages")
    with GitHub(world) as github, caged(github, tmp_path):
        yield github
    assert github.broken == []


def init(directory: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "katpkg", "-C", str(directory), *words]
    environment = {**os.environ, "GITHUB_TOKEN": CANARY, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == status, done.stdout + done.stderr
    assert not tells(done.stdout + done.stderr)
    return done


def test_a_first_definition_finds_what_upstreams_run_left_behind(upstream: GitHub, tmp_path: Path) -> None:
    directory = tmp_path / "archive"
    directory.mkdir()
    words = ("init", "--from-github", PICTURE["repository"], "--api", upstream.api)
    assert "katpkg.toml" in init(directory, *words, "--dry-run").stdout
    assert list(directory.iterdir()) == []
    init(directory, *words)
    main = tomllib.loads((directory / "katpkg.toml").read_text())
    assert (main["targets"], main["archive"]["name"]) == (["bookworm/amd64", "jammy/amd64"], "kat")
    assert (main["source"]["workflow"], main["source"]["events"]) == (PICTURE["workflow"], ["push"])
    modules = {path.stem for path in (directory / "modules").iterdir()}
    assert modules == {module for listed in PICTURE["modules"].values() for module in listed}
    assert tomllib.loads((directory / "modules" / "cveapi.toml").read_text())["codenames"] == ["bookworm"]
    init(directory, "fetch")
    lock = read_lock(directory / "katpkg.lock")
    assert lock is not None
    assert {artifact.name for artifact in lock.artifacts} == ARTIFACTS

    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    refused = init(directory, *words, status=3).stderr
    assert "\nerror: there is a katpkg.toml already, and nothing is written over it\n" in refused
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before


def test_where_runs_left_nothing_a_first_definition_takes_the_release(upstream: GitHub, tmp_path: Path) -> None:
    directory, other = tmp_path / "archive", PICTURE["others"]
    directory.mkdir()
    init(directory, "init", "--from-github", other["repository"], "--api", upstream.api)
    source = tomllib.loads((directory / "katpkg.toml").read_text())["source"]
    assert (source["take"], "workflow" in source) == ("releases", False)
    init(directory, "fetch")
    lock = read_lock(directory / "katpkg.lock")
    assert lock is not None
    assert [artifact.name for artifact in lock.artifacts] == [other["asset"]]


def test_a_repository_that_left_nothing_behind_gives_no_definition(upstream: GitHub, tmp_path: Path) -> None:
    upstream.world.repository("acme/empty")
    directory = tmp_path / "archive"
    directory.mkdir()
    told = init(directory, "init", "--from-github", "acme/empty", "--api", upstream.api, status=4).stderr
    assert "error: acme/empty has left nothing behind that could be packaged" in told
    assert " hint: have a workflow upload what it builds (actions/upload-artifact), or attach it to a release" in told
    assert list(directory.iterdir()) == []
