"""What a server's administrator sees: install, upgrade, reinstall, remove, purge, on every release."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.model.service import Service
from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import KEPT
from tests.acceptance.conftest import PORT
from tests.conftest import Definition, Published

pytestmark = pytest.mark.acceptance

PACKAGES = (
    "kat",
    "kat-common",
    "kat-courier",
    "kat-flower",
    "kat-hello",
    "kat-kinto",
    "kat-notes",
    "kat-page",
    "demo-greeting",
    "kat-archive-keyring",
)
ACCOUNTS = ("kat-courier", "kat-flower", "kat-hello", "kat-kinto", "kat-notes", "kat-page")

EVERY_PATH = """
find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \\
    -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /root \\
    -o -path /var/lib/postgresql -o -path /var/lib/rabbitmq \\) -prune -o -print | sort
"""
ACCOUNT_FILES = {f"/etc/{name}-" for name in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")}


def services(published: Published) -> list[Service]:
    modules = published.definition.project.modules[published.codename]
    return [service for module in modules for service in module.services]


def assert_healthy(machine: Machine) -> None:
    done = machine.run("katctl", "health", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def main_pid(machine: Machine, unit: str) -> str:
    return machine.says("systemctl", "show", "--property=MainPID", "--value", unit)


def test_apt_install_kat_gives_running_services_that_answer(machine: Machine) -> None:
    machine.run("apt-get", "install", "--yes", "kat")
    assert_healthy(machine)
    assert machine.says("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert machine.says("dpkg", "--audit") == ""
    source = machine.says("cat", "/etc/apt/sources.list.d/kat.sources")
    assert "Signed-By: /usr/share/keyrings/kat-archive-keyring.gpg" in source
    assert machine.says("sh", "-c", "ls /etc/apt/trusted.gpg.d/kat* 2>/dev/null || true") == ""
    interpreter = machine.says("readlink", "/opt/venvs/kat-hello/bin/python3")
    assert interpreter.startswith("/usr/bin/python3.")
    assert machine.says("runuser", "-u", "kat-kinto", "--", "id", "-un") == "kat-kinto"


def test_units_are_fenced_in(installed: Machine, published: Published) -> None:
    machine = installed
    assert_healthy(machine)
    for service in services(published):
        report = machine.says("systemd-analyze", "security", "--no-pager", f"{service.name}.service")
        exposure = float(report.splitlines()[-1].partition(": ")[2].split()[0])
        assert exposure <= 2.0, f"{service.name}: {exposure}"


def test_a_command_runs_with_the_settings_and_the_account_of_its_module(installed: Machine) -> None:
    machine = installed
    assert "5." in machine.says("kat-celery", "--version")
    refused = machine.run("runuser", "-u", "nobody", "--", "kat-celery", "--version", check=False)
    assert refused.returncode == 77
    assert "run it as root" in refused.stderr


def test_an_upgrade_asks_nothing_and_keeps_the_administrators_words(
    installed_root: Path, own_archive: Definition, codename: str
) -> None:
    with Machine(installed_root, f"words-{codename}") as machine:
        machine.serve(own_archive.project.publish.store, PORT)
        _upgrade_with_edited_settings(machine, own_archive)


def _upgrade_with_edited_settings(machine: Machine, definition: Definition) -> None:
    before = machine.says("dpkg-query", "--show", "--showformat=${Version}", "kat-flower")
    machine.shell("echo FLOWER_PORT=5556 >>/etc/kat/flower.conf; katctl setup")
    machine.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    process = main_pid(machine, "kat-flower.service")

    definition.edit("modules/flower.toml", "The port it listens on", "The TCP port it listens on")
    definition.katpkg("build", "--no-lintian")
    definition.katpkg("publish")
    machine.run("apt-get", "update", "--error-on=any")
    said = machine.run("apt-get", "upgrade", "--yes", DEBIAN_FRONTEND="noninteractive").stdout

    after = machine.says("dpkg-query", "--show", "--showformat=${Version}", "kat-flower")
    assert machine.run("dpkg", "--compare-versions", before, "lt", after, check=False).returncode == 0
    assert "Configuration file" not in said
    assert "FLOWER_PORT=5556" in machine.says("cat", "/etc/kat/flower.conf")
    assert "The TCP port" in machine.says("cat", "/usr/lib/kat/flower.defaults")
    machine.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    assert main_pid(machine, "kat-flower.service") != process
    assert machine.says("dpkg", "--audit") == ""


def test_a_reinstallation_changes_nothing_but_that_there_is_a_backup(installed: Machine) -> None:
    machine = installed
    before = set(machine.shell(EVERY_PATH).splitlines())
    machine.run("apt-get", "install", "--yes", "--reinstall", *PACKAGES)
    assert_healthy(machine)
    new = set(machine.shell(EVERY_PATH).splitlines()) ^ before
    assert {path for path in new if not path.startswith("/var/backups/kat")} == set()


def test_a_new_interpreter_restarts_what_runs_on_it(installed: Machine) -> None:
    machine = installed
    on_it = ("kat-flower", "kat-hello", "kat-kinto")
    before = {name: main_pid(machine, f"{name}.service") for name in (*on_it, "kat-page")}
    machine.shell(f"dpkg --install {KEPT}/python3.*-minimal_*.deb")
    machine.run("katctl", "setup")
    after = {name: main_pid(machine, f"{name}.service") for name in before}
    assert all(after[name] != before[name] for name in on_it)
    assert after["kat-page"] == before["kat-page"]


def test_removal_keeps_data_and_configuration_and_stops_the_services(installed: Machine) -> None:
    machine = installed
    machine.shell("echo kept >/var/lib/kat-kinto/data; echo A=b >>/etc/kat/kinto.conf")
    machine.run("apt-get", "remove", "--yes", "kat-kinto")
    assert machine.run("systemctl", "is-active", "kat-kinto.service", check=False).returncode != 0
    assert machine.says("cat", "/var/lib/kat-kinto/data") == "kept"
    assert "A=b" in machine.says("cat", "/etc/kat/kinto.conf")
    assert machine.run("test", "-e", "/opt/venvs/kat-kinto", check=False).returncode != 0


def test_purge_leaves_nothing_but_locked_accounts(bare_machine: Machine, published: Published) -> None:
    machine = bare_machine
    before = set(machine.shell(EVERY_PATH).splitlines())
    project = published.definition.project
    machine.serve(project.publish.store, PORT)
    install_keyring(machine, project, published.codename)
    machine.run("apt-get", "install", "--yes", "kat")
    assert_healthy(machine)
    machine.shell("touch /var/lib/kat-kinto/data /var/lib/kat-flower/data")
    machine.shell("echo kat-common kat/purge boolean true | debconf-set-selections")
    machine.run("apt-get", "purge", "--yes", *PACKAGES)
    machine.run("rm", "-rf", "/var/lib/apt/lists")
    left = set(machine.shell(EVERY_PATH).splitlines()) - before - ACCOUNT_FILES
    assert left == set()
    assert machine.says("dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Package}\n").count("kat") == 0
    assert machine.says("runuser", "-u", "postgres", "--", "psql", "-Atc", "SELECT datname FROM pg_database") == (
        "postgres\ntemplate1\ntemplate0"
    )
    assert "kat" not in machine.says("rabbitmqctl", "--quiet", "list_vhosts")
    for account in ACCOUNTS:
        entry = machine.says("getent", "passwd", account)
        assert entry.endswith("nologin")
        assert machine.says("getent", "shadow", account).split(":")[1].startswith("!")
