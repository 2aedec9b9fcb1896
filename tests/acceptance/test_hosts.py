"""Several hosts: databases, broker and roles elsewhere, over a network that nobody but they are on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from scripts.lab.link import FIRST, SECOND, link
from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.acceptance.server import Server
from tests.conftest import Published

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("bookworm")]

PLAIN = ("python3", "postgresql-client")
"""What a host has that keeps databases and broker elsewhere."""

LISTEN = f"""
echo "listen_addresses = '{FIRST}'" >/etc/postgresql/15/main/conf.d/network.conf
systemctl restart postgresql
echo 'listeners.tcp.1 = {FIRST}:5672' >/etc/rabbitmq/rabbitmq.conf
systemctl restart rabbitmq-server
"""
LET_IN = f"""
echo 'host all all {SECOND}/32 scram-sha-256' >>/etc/postgresql/15/main/pg_hba.conf
systemctl reload postgresql
"""
URLS = f"""
kat-common kat/postgresql-url password postgresql://{FIRST}
kat-common kat/rabbitmq-url password amqp://notes:word@{FIRST}/notes
"""


@pytest.fixture
def codename() -> str:
    """One release will do: what differs between them is tested on one host."""
    return "bookworm"


@pytest.fixture
def data() -> Iterator[Machine]:
    """A machine with PostgreSQL and RabbitMQ, and nothing of ours."""
    with Machine(debian_root("bookworm"), "data") as machine:
        yield machine


@pytest.fixture
def plain(published: Published) -> Iterator[Server]:
    """A server without PostgreSQL and RabbitMQ."""
    with Server(published, "plain", PLAIN) as server:
        yield server


def complaint(server: Server) -> str:
    """What setting up says when it cannot go on."""
    done = server.run("katctl", "setup", check=False)
    assert done.returncode == 5, done.stdout + done.stderr
    return done.stderr


def test_databases_and_broker_on_a_machine_without_kat_are_asked_for_and_used(data: Machine, plain: Server) -> None:
    link(data, plain)
    data.shell(LISTEN)
    plain.install(URLS, "--no-install-recommends", "kat")
    assert "setting up stopped at: databases" in plain.run("katctl", "status", check=False).stdout
    assert "no pg_hba.conf entry" in plain.run("katctl", "preflight", check=False).stdout

    data.shell(LET_IN)
    assert "psql --file /var/lib/kat/databases.sql" in complaint(plain)
    shutil.copyfile(plain.inside("/var/lib/kat/databases.sql"), data.inside("/tmp/databases.sql"))
    data.shell("runuser -u postgres -- psql --set=ON_ERROR_STOP=1 --quiet </tmp/databases.sql")
    assert "there: rabbitmqctl add_user notes" in complaint(plain)
    data.shell("rabbitmqctl add_vhost notes; echo word | rabbitmqctl add_user notes")
    assert "there: rabbitmqctl set_permissions -p notes notes '.*' '.*' '.*'" in complaint(plain)
    data.shell("rabbitmqctl set_permissions -p notes notes '.*' '.*' '.*'")
    plain.run("katctl", "setup")
    plain.assert_healthy()
    few = plain.run("katctl", "doctor", check=False).stdout
    assert "it takes 100 connections, and the modules may open 130" in few
    data.shell("runuser -u postgres -- psql -qc 'ALTER SYSTEM SET max_connections = 130'; systemctl restart postgresql")
    assert plain.says("katctl", "doctor") == "nothing is wrong"

    plain.leave_note("kept elsewhere")
    backup = plain.says("katctl", "backup")
    plain.leave_note("too late")
    plain.run("katctl", "restore", backup)
    assert plain.notes() == ["kept elsewhere"]
    plain.assert_healthy()
    assert plain.run("sh", "-c", "command -v postgres rabbitmqctl", check=False).returncode != 0
