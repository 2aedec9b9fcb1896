"""The action and the workflow that are ours: what they may do, and that they lead from a run to a published archive."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from katpkg.model.digests import Digest
from tests.conftest import ROOT
from tests.github.canary import CANARY, tells
from tests.github.desk import Desk
from tests.github.hub import open_hub
from tests.github.runner import ACTION, WORKFLOW, Runner, matrix_of, read_yaml

HERE = sorted((ROOT / ".github").rglob("*.y*ml"))
LEAST = {"contents": "read", "actions": "read", "attestations": "read"}
OURS = "./.katpkg/.github/actions/katpkg"


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def steps_of(tree: Any) -> Iterator[dict[str, Any]]:
    """Every step of a workflow or an action."""
    for job in (tree.get("jobs") or {"": tree.get("runs", {})}).values():
        yield from job.get("steps", ())


@pytest.mark.parametrize("path", HERE, ids=named)
def test_actions_of_others_are_pinned_by_their_commit(path: Path) -> None:
    used = [step["uses"] for step in steps_of(read_yaml(path)) if "uses" in step]
    assert [each for each in used if each != OURS and not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", each)] == []


@pytest.mark.parametrize("path", HERE, ids=named)
def test_nothing_from_outside_becomes_the_text_of_a_script(path: Path) -> None:
    assert [step["run"] for step in steps_of(read_yaml(path)) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", HERE, ids=named)
def test_nobody_elses_pull_request_starts_anything_with_secrets(path: Path) -> None:
    assert "pull_request_target" not in path.read_text()


def judged(directory: Path) -> subprocess.CompletedProcess[str]:
    """What zizmor says of the workflows and actions there: whether GitHub can read them, and what is unsafe in them."""
    zizmor = Path(sys.executable).parent / "zizmor"
    command: list[str | Path] = [zizmor, "--offline", "--no-progress", "--strict-collection", directory]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_judge_of_workflows_finds_nothing_in_ours() -> None:
    done = judged(ROOT / ".github")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04", "publish.yml"),
        ("permissions: {}", "permissions: {contents: writes}", "publish.yml"),
        ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ("uses: ./.katpkg/.github/actions/katpkg", "run: echo ${{ github.head_ref }}", "template-injection"),
    ],
)
def test_the_judge_sees_what_would_be_wrong(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    path = tmp_path / ".github" / "workflows" / "publish.yml"
    path.write_text(path.read_text().replace(right, wrong))
    done = judged(tmp_path / ".github")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_each_job_may_read_and_nothing_else() -> None:
    workflow = read_yaml(WORKFLOW)
    assert workflow["permissions"] in ({}, "{}")
    for job in workflow["jobs"].values():
        assert job["permissions"].items() <= LEAST.items()


def test_only_the_job_in_the_protected_environment_sees_a_secret() -> None:
    jobs = read_yaml(WORKFLOW)["jobs"]
    assert [name for name, job in jobs.items() if "secrets." in str(job)] == ["publish"]
    assert jobs["publish"]["environment"] == "${{ inputs.environment }}"
    seeing = [step["name"] for step in jobs["publish"]["steps"] if "secrets." in str(step)]
    assert seeing == ["Publish"]


def test_a_checkout_keeps_no_token() -> None:
    for step in steps_of(read_yaml(WORKFLOW)):
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("name", ["setup", "call"])
def test_the_scripts_of_the_action_are_programs_that_bash_understands(name: str) -> None:
    assert (ACTION / name).stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ACTION / name], check=True)


class Stage:
    """The workflow's jobs, each on a runner of its own, that share what they hand on and the archive."""

    def __init__(self, desk: Desk, root: Path) -> None:
        self.desk = desk
        self.root = root
        self.jobs = read_yaml(WORKFLOW)["jobs"]
        self.archive = root / "archive"
        self.artifacts = root / "artifacts"

    def runner(self, name: str, **context: str) -> Runner:
        """A new runner with the definition checked out; the environment of a real one is shared by all."""
        workspace = self.root / name
        ignored = shutil.ignore_patterns("build", "public", "deb", "*.md")
        shutil.copytree(self.desk.directory, workspace / "repo", ignore=ignored)
        main = workspace / "repo" / "katpkg.toml"
        main.write_text(
            f'{main.read_text()}\n[build]\ndirectory = "../build"\ncache = "../cache"\n'
            f'[publish]\nstore = "{self.archive}"\n'
        )
        said = {
            "github.token": CANARY,
            "inputs.directory": "repo",
            "inputs.build-directory": "build",
            "inputs.choice": "--tag v1.0",
            "inputs.publish": "",
            "secrets.KATPKG_SIGNING_KEY": (self.desk.directory / "secret.asc").read_text(),
            "secrets.KATPKG_SIGNING_PASSPHRASE": "",
        }
        return Runner(workspace, self.root / "temporary", said | context)

    def step(self, job: str, name: str) -> dict[str, Any]:
        """A step of a job, by its name."""
        found: dict[str, Any] = next(each for each in self.jobs[job]["steps"] if each["name"] == name)
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "desk").mkdir()
    with open_hub(tmp_path, "desk/build/cache") as hub:
        yield Stage(Desk(hub, tmp_path / "desk"), tmp_path)


@pytest.mark.integration
@pytest.mark.xdist_group("github")
def test_the_workflow_leads_from_a_run_to_an_archive_and_builds_elsewhere_what_it_can(stage: Stage) -> None:
    plan = stage.runner("plan")
    plan.call(stage.step("plan", "Find and verify the artifacts"))
    matrix = matrix_of(plan.call(stage.step("plan", "See what is to be built")))
    plan.upload(stage.step("plan", "Hand on the lock"), stage.artifacts)
    assert [each["matrix.module"] for each in matrix] == ["web"]
    assert "::group::looking for artifacts" in plan.log
    assert "| web | bookworm/amd64 | 1.0 |" in plan.summary

    for entry in matrix:
        build = stage.runner(entry["matrix.name"], **entry)
        shutil.copy(stage.artifacts / "katpkg-lock" / "katpkg.lock", build.workspace / "repo")
        build.call(stage.step("build", "Build"))
        build.upload(stage.step("build", "Hand on the package"), stage.artifacts)

    publish = stage.runner("publish")
    shutil.copy(stage.artifacts / "katpkg-lock" / "katpkg.lock", publish.workspace / "repo")
    for artifact in stage.artifacts.glob("katpkg-built-*"):
        shutil.copytree(artifact, publish.workspace / ".katpkg-built" / artifact.name)
    publish.call(stage.step("publish", "Build what names others"))
    assert not list((publish.workspace / "cache").rglob("*")), "the module was built a second time"
    publish.call(stage.step("publish", "Publish"))

    pool = {path.name: path for path in stage.archive.rglob("*.deb")}
    assert {name.partition("_")[0] for name in pool} == {"kat", "kat-web", "kat-archive-keyring"}
    built = next(stage.artifacts.rglob("kat-web_*.deb"))
    assert Digest.of(pool[built.name]) == Digest.of(built)
    for log in (plan.log, publish.log):
        assert not tells(log)
        assert "BEGIN PGP PRIVATE KEY" not in log


@pytest.mark.integration
@pytest.mark.xdist_group("github")
def test_a_package_that_changed_on_its_way_is_not_taken_over(stage: Stage) -> None:
    build = stage.runner("build")
    shutil.copytree(build.workspace, stage.root / "publish")
    for words in ("fetch", "build --no-lintian web"):
        build.call({"with": {"arguments": words, "directory": "repo"}})
    publish = stage.root / "publish"
    shutil.copytree(build.workspace / "build", publish / "gathered")
    shutil.copy(build.workspace / "repo" / "katpkg.lock", publish / "repo")
    package = next((publish / "gathered").rglob("*.deb"))
    package.write_bytes(package.read_bytes()[:-1] + b"x")
    command = ["build", "--locked", "--gather", str(publish / "gathered")]
    told = stage.desk.katpkg("-C", str(publish / "repo"), *command, status=5).stderr
    assert f"error: {package.name} is not the package that was built" in told
    assert " hint: build it again: what is between the two machines lost or changed it" in told
    assert not list((publish / "build").rglob("*.deb"))


@pytest.mark.integration
def test_a_machine_without_katpkg_is_given_the_one_that_is_locked(tmp_path: Path) -> None:
    """With nothing in the path but what Debian has; what is installed stands in scripts/runtime.lock, by its hashes."""
    path = tmp_path / "path"
    path.write_text("")
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(path)}
    subprocess.run([ACTION / "setup"], env=variables, check=True, cwd=tmp_path)
    found = Path(path.read_text().strip()) / "katpkg"
    done = subprocess.run([found, "--version"], env=variables, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("katpkg ")
    again = {**variables, "PATH": f"{found.parent}:{variables['PATH']}"}
    subprocess.run([ACTION / "setup"], env=again, check=True, cwd=tmp_path)
    assert len(path.read_text().splitlines()) == 1
