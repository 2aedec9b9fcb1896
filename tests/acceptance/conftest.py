"""Machines of both releases. Tests of one release run in one worker, so that its archive is built once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.conftest import Published

CODENAMES = ("bookworm", "trixie")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for ``codename`` runs for each release, grouped by it."""
    if "codename" in metafunc.fixturenames:
        cases = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CODENAMES]
        metafunc.parametrize("codename", cases)


@pytest.fixture
def bare_machine(codename: str) -> Iterator[Machine]:
    """A booted machine of the release with nothing of ours on it."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    with Machine(debian_root(codename), f"test-{codename}") as machine:
        yield machine


@pytest.fixture
def machine(bare_machine: Machine, published: Published) -> Machine:
    """A machine that trusts the archive, and reaches it."""
    project = published.definition.project
    bare_machine.serve(project.publish.store, 8099)
    install_keyring(bare_machine, project, published.codename)
    return bare_machine
