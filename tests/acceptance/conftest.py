"""Machines of both releases. Tests of one release run in one worker, so that its archive is built once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import SERVER, debian_root
from tests.conftest import Definition, Published

CODENAMES = ("bookworm", "trixie")
PORT = 8099


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for ``codename`` runs for each release, grouped by it."""
    if "codename" in metafunc.fixturenames:
        cases = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CODENAMES]
        metafunc.parametrize("codename", cases)


@pytest.fixture
def bare_machine(codename: str) -> Iterator[Machine]:
    """A booted machine of the release with PostgreSQL and RabbitMQ, and nothing of ours on it."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    with Machine(debian_root(codename, SERVER), f"test-{codename}") as machine:
        yield machine


@pytest.fixture
def machine(bare_machine: Machine, published: Published) -> Machine:
    """A machine that trusts the archive, and reaches it."""
    project = published.definition.project
    bare_machine.serve(project.publish.store, PORT)
    install_keyring(bare_machine, project, published.codename)
    return bare_machine


@pytest.fixture(scope="session")
def installed_roots() -> dict[str, Path]:
    """Roots on which the archive was installed, by release; ``installed_root`` fills it."""
    return {}


@pytest.fixture
def installed_root(
    installed_roots: dict[str, Path], published: Published, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A root on which ``apt install kat`` was done once, for machines that begin where that ended."""
    codename = published.codename
    if codename not in installed_roots:
        root = tmp_path_factory.mktemp(f"installed-{codename}") / "root"
        project = published.definition.project
        with Machine(debian_root(codename, SERVER), f"install-{codename}") as machine:
            machine.serve(project.publish.store, PORT)
            install_keyring(machine, project, codename)
            machine.run("apt-get", "install", "--yes", "kat")
            machine.shell("systemctl stop 'kat-*' rabbitmq-server postgresql 'postgresql@*' epmd.socket epmd.service")
            subprocess.run(["cp", "-ax", f"/proc/{machine.leader}/root/.", root], check=True)
        installed_roots[codename] = root
    return installed_roots[codename]


@pytest.fixture
def installed(installed_root: Path, published: Published) -> Iterator[Machine]:
    """A machine on which the archive is installed and everything runs."""
    with Machine(installed_root, f"kat-{published.codename}") as machine:
        machine.serve(published.definition.project.publish.store, PORT)
        machine.run("katctl", "setup")
        yield machine


@pytest.fixture
def own_archive(published: Published, tmp_path: Path, demo_artifacts: Path) -> Definition:
    """The published archive again, with artifacts of its own, for a test that publishes new versions."""
    home = tmp_path / "own"
    shutil.copytree(published.definition.directory.parent, home, symlinks=True)
    shutil.copytree(demo_artifacts, home / "artifacts")
    definition = Definition(directory=home / "definition")
    definition.edit("katpkg.toml", str(demo_artifacts), "../artifacts")
    return definition
