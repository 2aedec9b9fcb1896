"""Several hosts: databases, broker and roles elsewhere, over a network that nobody but they are on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from katpkg.model.names import Codename
from scripts.lab.link import FIRST, SECOND, link
from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.acceptance.server import Server
from tests.acceptance.test_setup import ACCOUNT_FILES
from tests.conftest import Published

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("codename")]

PLAIN = ("python3", "postgresql-client")
"""What a host has that keeps databases and broker elsewhere."""

LISTEN = f"""
cd /etc/postgresql/*/main
echo "listen_addresses = '{FIRST}'" >conf.d/network.conf
systemctl restart postgresql
echo 'listeners.tcp.1 = {FIRST}:5672' >/etc/rabbitmq/rabbitmq.conf
systemctl restart rabbitmq-server
"""
LET_IN = f"""
cd /etc/postgresql/*/main
echo 'host all all {SECOND}/32 scram-sha-256' >>pg_hba.conf
systemctl reload postgresql
"""
URLS = f"""
kat-common kat/postgresql-url password postgresql://{FIRST}
kat-common kat/rabbitmq-url password amqp://notes:word@{FIRST}/notes
"""


@pytest.fixture
def data(codename: str) -> Iterator[Machine]:
    """A machine with PostgreSQL and RabbitMQ, and nothing of ours."""
    with Machine(debian_root(Codename(codename)), "data") as machine:
        yield machine


@pytest.fixture
def plain(published: Published) -> Iterator[Server]:
    """A server without PostgreSQL and RabbitMQ."""
    with Server(published, "plain", PLAIN) as server:
        yield server


HERE = ("kat-core", "kat-web")
HOSTS = f"""
web={FIRST}
core={FIRST}
worker={SECOND}
postgresql={FIRST}
rabbitmq={FIRST}
"""


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
    plain.run("katctl", "setup")  # until those are well whose connections ended
    assert plain.says("katctl", "doctor") == "nothing is wrong"

    plain.leave_note("kept elsewhere")
    backup = plain.says("katctl", "backup")
    plain.leave_note("too late")
    plain.run("katctl", "restore", backup)
    assert plain.notes() == ["kept elsewhere"]
    plain.assert_healthy()
    assert plain.run("sh", "-c", "command -v postgres rabbitmqctl", check=False).returncode != 0


@pytest.fixture
def first(published: Published) -> Iterator[Server]:
    """A server with PostgreSQL and RabbitMQ, on which nothing of ours is installed yet."""
    with Server(published, "first") as server:
        yield server


def listeners(server: Server) -> dict[int, set[str]]:
    """Addresses that something listens on, by port."""
    found: dict[int, set[str]] = {}
    for line in server.says("cat", "/proc/net/tcp").splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if state == "0A":
            octets = bytes.fromhex(local[:8])[::-1]
            found.setdefault(int(local[9:], 16), set()).add(".".join(map(str, octets)))
    return found


def assert_purge_closes_what_was_opened(first: Server) -> None:
    first.shell("echo kat-common kat/purge boolean true | debconf-set-selections")
    first.run("apt-get", "purge", "--yes", *HERE, "kat-common", "kat-notes", "kat-page", "kat-archive-keyring")
    first.run("rm", "-rf", "/var/lib/apt/lists")
    assert first.paths() - first.before - ACCOUNT_FILES == set()
    assert SECOND not in first.shell("cat /etc/postgresql/*/*/pg_hba.conf")
    ports = listeners(first)
    assert ports[5432] == {"127.0.0.1"}
    assert FIRST not in ports.get(5672, set())


def test_a_note_goes_through_broker_worker_and_database_on_two_hosts(first: Server, plain: Server) -> None:
    link(first, plain)
    first.shell(f"mkdir --mode=750 /etc/kat; cat >/etc/kat/hosts.conf <<'END'{HOSTS}END")
    first.install("", *HERE)
    first.assert_healthy()
    assert first.says("katctl", "doctor") == "nothing is wrong"
    ports = listeners(first)
    assert ports[5432] == ports[5672] == {"127.0.0.1", FIRST}
    assert ports[4369] == ports[25672] == {"127.0.0.1"}

    plain.install("", "kat-worker")
    lonely = plain.run("katctl", "status", check=False).stdout
    assert "kat-worker: a part of kat, and nobody said where the rest is" in lonely
    answers = plain.inside("/root/answers")
    answers.touch(mode=0o600)
    answers.write_text(first.says("katctl", "export", "worker"))
    plain.run("katctl", "setup", "--answers", "/root/answers")
    plain.assert_healthy()
    assert plain.says("katctl", "doctor") == "nothing is wrong"
    assert "well  courier  NOTES_URL            10.77.0.1:8088 lets us through" in plain.says("katctl", "health")
    allowed = plain.says("systemctl", "show", "--property=IPAddressAllow", "--value", "kat-courier").split()
    assert {f"{FIRST}/32", f"{SECOND}/32"} <= set(allowed)
    assert plain.version("kat-kinto")
    assert plain.run("sh", "-c", "command -v postgres rabbitmqctl", check=False).returncode != 0

    plain.run("kat-note", "from host to host")
    first.wait_for(f"http://{FIRST}:8088/notes", contains="from host to host")
    for server in (first, plain):
        assert server.says("katctl", "setup", "--check") == "nothing is missing"
    first.run("systemctl", "stop", "kat-notes")
    unwell = plain.run("katctl", "health", check=False)
    assert (unwell.returncode, "10.77.0.1:8088: Connection refused" in unwell.stdout) == (1, True)
    assert_purge_closes_what_was_opened(first)
