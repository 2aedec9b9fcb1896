"""What dnf on a booted machine refuses of a repository of ours that somebody tampered with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.acceptance.test_rpm import PACKAGES
from tests.ours import Ours
from tests.tampered import TAMPERED, describe, move, publish, succeed, tamper

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("rpm")]

URI = "http://127.0.0.1:8097"
SOURCE = """\
[small]
name=small
mirrorlist={uri}/rpm/el9/mirrorlist
gpgcheck=1
repo_gpgcheck=1
gpgkey=file:///etc/small.asc
"""
INSTALLED = "/usr/share/demo-a"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """One package, published twice."""
    archive = Ours(directory=tmp_path_factory.mktemp("tampered") / "good")
    archive.directory.mkdir()
    describe(archive, f"{URI}/good/public")
    succeed(archive.katpkg("key", "new", "--user-id", "small <small@example.org>", "--secret", "secret.asc"))
    publish(archive, "demo-a_1.0")
    return archive


@pytest.fixture(scope="module")
def machine(archive: Ours) -> Iterator[Machine]:
    """A machine that reaches the archive and what is beside it, and knows its key."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    with Machine(debian_root("bookworm", PACKAGES), "test-rpm-tampered") as machine:
        machine.serve(archive.directory.parent, 8097)
        shutil.copy(archive.directory / "archive.asc", machine.inside("/etc/small.asc"))
        machine.run("mkdir", "--parents", "/etc/yum.repos.d")
        yield machine


def trust(machine: Machine, name: str) -> None:
    """Have the repository ``name``, and nothing that was read of another."""
    machine.inside("/etc/yum.repos.d/small.repo").write_text(SOURCE.format(uri=f"{URI}/{name}/public"))
    machine.run("dnf", "clean", "all")


@pytest.mark.parametrize("number", range(len(TAMPERED)), ids=list(TAMPERED))
def test_dnf_refuses(number: int, archive: Ours, machine: Machine) -> None:
    case, name = list(TAMPERED)[number], f"case-{number}"
    copy = Ours(directory=archive.directory.parent / name)
    shutil.copytree(archive.directory, copy.directory)
    move(copy, f"{URI}/good/public", f"{URI}/{name}/public")
    tamper(copy, case)
    trust(machine, name)
    done = machine.run("dnf", "--assumeyes", "install", "demo-a", check=False)
    assert done.returncode != 0
    assert TAMPERED[case] in done.stdout + done.stderr
    assert machine.run("test", "-e", INSTALLED, check=False).returncode == 1


def test_dnf_installs_the_same_when_nobody_did(archive: Ours, machine: Machine) -> None:
    trust(machine, archive.directory.name)
    machine.run("dnf", "--assumeyes", "install", "demo-a")
    assert machine.says("rpm", "--verify", "demo-a") == ""
    assert machine.says("cat", f"{INSTALLED}/file") == "text"
