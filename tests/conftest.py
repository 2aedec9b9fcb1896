"""What tests share: the demo's artifacts, and archives that katpkg's own command line made of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from katpkg.config.project import load_project
from katpkg.model.names import Codename
from katpkg.model.project import Project

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "build" / "demo" / "artifacts"

os.environ.pop("GITHUB_ACTIONS", None)  # on a runner, too, errors are told as to a person unless a test wants it

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
os.umask(0o022)  # dpkg-deb takes no directory that others may not read

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # how quick a test is depends on who else is there


class Teller:
    """Tells a failure when it happens, for the run that is cut off before its end."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What failed, and the end of why."""
        if report.failed:
            self._terminal.write_line(f"\nfailed ({report.when}): {report.nodeid}\n{report.longreprtext[-4000:]}")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Tell failures at once, where a person or a log is looking."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        session.config.pluginmanager.register(Teller(terminal))


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Several workers want the same thing made, once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def demo_artifacts() -> Path:
    """The directory of the demo's artifacts."""
    with alone(ARTIFACTS.parent / "artifacts.lock"):
        subprocess.run([sys.executable, "-m", "scripts.demo.artifacts", ARTIFACTS], cwd=ROOT, check=True)
    return ARTIFACTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A copy of the demo's definition, to be changed and built at will."""

    directory: Path

    @property
    def project(self) -> Project:
        """What it says now."""
        return load_project(self.directory).project

    @property
    def secret_key(self) -> Path:
        """The key that signs its archive."""
        return self.directory.parent / "keys" / "secret.asc"

    def katpkg(self, *words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Call the command line as a user would."""
        environment = {**os.environ, "KATPKG_SIGNING_KEY_FILE": str(self.secret_key), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", "katpkg", "-C", self.directory, *words],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.directory.parent,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace ``old`` in one of its files, where it must stand."""
        path = self.directory / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def make_definition(directory: Path, artifacts: Path, codename: str = "") -> Definition:
    """The demo's definition below ``directory``, for one release or both, with a key of its own."""
    shutil.copytree(ROOT / "tests" / "demo", directory / "definition", ignore=shutil.ignore_patterns("*.lock"))
    definition = Definition(directory=directory / "definition")
    definition.edit("katpkg.toml", "../../build/demo/artifacts", str(artifacts))
    definition.edit("katpkg.toml", "../../build/demo/", "../")
    if codename:
        both = 'targets = ["bookworm/amd64", "trixie/amd64"]'
        definition.edit("katpkg.toml", both, f'targets = ["{codename}/amd64"]')
    definition.katpkg("key", "new", "--user-id", "demo <demo@example.org>", "--secret", definition.secret_key)
    return definition


@pytest.fixture
def definition(tmp_path: Path, demo_artifacts: Path) -> Definition:
    """The demo's definition, for bookworm, to be changed by one test."""
    return make_definition(tmp_path, demo_artifacts, "bookworm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published demo archive for one release, and what it was made of."""

    definition: Definition
    codename: Codename


@pytest.fixture(scope="session")
def archives() -> dict[str, Published]:
    """Archives by release; ``published`` fills it."""
    return {}


@pytest.fixture
def published(
    request: pytest.FixtureRequest,
    archives: dict[str, Published],
    tmp_path_factory: pytest.TempPathFactory,
    demo_artifacts: Path,
) -> Published:
    """The demo archive of the release that the test is parametrised with, built and published once."""
    codename = request.getfixturevalue("codename")
    if codename not in archives:
        definition = make_definition(tmp_path_factory.mktemp(codename), demo_artifacts, codename)
        # lintian says the same of both releases' packages, and takes as long as building them
        definition.katpkg("build", *(["--no-lintian"] if codename == "trixie" else []))
        definition.katpkg("publish")
        archives[codename] = Published(definition=definition, codename=Codename(codename))
    return archives[codename]
