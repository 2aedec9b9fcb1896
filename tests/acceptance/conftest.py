"""Servers of both releases. Tests of one release run in one worker: its archive is built, and kat installed, once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.acceptance.server import Server
from tests.acceptance.strangers import settle
from tests.conftest import Published

CODENAMES = ("bookworm", "trixie")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for ``codename`` runs for each release, grouped by it."""
    if "codename" in metafunc.fixturenames:
        cases = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CODENAMES]
        metafunc.parametrize("codename", cases)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Server]]:
    """Servers that run, by what they are; ``server`` and ``second`` fill it."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    running: dict[str, Server] = {}
    yield running
    for each in running.values():
        each.__exit__()


@pytest.fixture
def server(servers: dict[str, Server], published: Published, codename: str) -> Iterator[Server]:
    """The server on which ``apt install kat`` was done once. It passes from test to test for as long as it is well."""
    name = f"server-{codename}"
    if name not in servers:
        servers[name] = Server(published, "server").__enter__()
        servers[name].install()
    yield servers[name]
    if not servers[name].is_healthy:
        servers.pop(name).__exit__()


@pytest.fixture
def second(servers: dict[str, Server], published: Published, codename: str) -> Server:
    """Another one, made as images are, whose administrator wants to set up by hand; tests find it as it was left."""
    name = f"second-{codename}"
    if name not in servers:
        servers[name] = Server(published, "second").__enter__()
        servers[name].install("kat-common kat/setup select manual\n", is_chroot=True)
    return servers[name]


@pytest.fixture
def adopted(
    servers: dict[str, Server], published: Published, codename: str, tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """A third one, where packages that others built ran before ``apt install kat``."""
    name = f"adopted-{codename}"
    if name not in servers:
        server = servers[name] = Server(published, "adopted").__enter__()
        server.trust()
        settle(server, tmp_path_factory.mktemp("strangers"))
        install = adopt_interrupted if codename == "trixie" else adopt
        install(server)
    return servers[name]


def adopt(server: Server) -> None:
    """What the administrator does, who is asked nothing."""
    said = server.run("apt-get", "install", "--yes", "kat").stdout
    assert "Configuration file" not in said


def adopt_interrupted(server: Server) -> None:
    """The same, where setting up is killed again and again before it may reach its end."""
    directory = "/etc/systemd/system/kat-setup.service.d"
    limit = "[Service]\nTimeoutStartSec=600ms\nTimeoutStartFailureMode=kill\n"
    server.shell(f"mkdir {directory}; printf '{limit}' >{directory}/killed.conf")
    adopt(server)
    server.shell(f"rm -r {directory}; systemctl daemon-reload")
    for tenths in (4, 8, 12, 18, 30):
        server.run("timeout", "--signal=KILL", f"{tenths / 10}", "katctl", "setup", check=False)
    server.run("katctl", "setup")
