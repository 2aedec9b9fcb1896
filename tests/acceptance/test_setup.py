"""A server that sets itself up: whatever happens to it, it ends well, or says what to do."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from scripts.demo.artifacts import FILES, OWN, make, own_wheel
from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import SERVER, debian_root
from tests.acceptance.conftest import PORT
from tests.conftest import Definition, Published

pytestmark = pytest.mark.acceptance

REMEMBERED = ("/var/lib/kat/secrets.json", "/var/lib/kat/config/notes.env", "/var/lib/kat/config/kinto.env")
SECOND_STEP = 'STEPS.append("ALTER TABLE note ADD COLUMN seen boolean NOT NULL DEFAULT false")\n'
BROKEN_STEP = 'STEPS += ["DELETE FROM note", "ALTER TABLE nowhere ADD COLUMN x integer"]\n'


def assert_healthy(machine: Machine) -> None:
    done = machine.run("katctl", "health", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def notes(machine: Machine) -> list[str]:
    found: list[str] = json.loads(machine.wait_for("http://127.0.0.1:8088/notes"))
    return found


def leave_note(machine: Machine, text: str) -> None:
    """By way of the broker, the worker, the shared token and the database."""
    machine.run("kat-note", text)
    machine.wait_for("http://127.0.0.1:8088/notes", contains=text)


def remembered(machine: Machine) -> str:
    return machine.says("cat", *REMEMBERED)


def version_of(machine: Machine, package: str) -> str:
    return machine.says("dpkg-query", "--show", "--showformat=${Version}", package)


def publish_notes(definition: Definition, version: str, more: str) -> None:
    """A version of notes whose database has more steps behind it."""
    home = definition.directory.parent
    package = home / f"source-{version}" / "notes"
    shutil.copytree(FILES / "notes", package)
    with (package / "schema.py").open("a") as file:
        file.write(more)
    make(home / f"artifacts/notes-{version}.zip", partial(own_wheel, package, version, OWN["notes"][1]))
    definition.katpkg("fetch")
    definition.katpkg("build", "--no-lintian")
    definition.katpkg("publish")


def upgrade(machine: Machine) -> None:
    machine.run("apt-get", "update", "--error-on=any")
    machine.run("apt-get", "upgrade", "--yes")
    assert machine.says("dpkg", "--audit") == ""


def test_setting_up_twice_changes_nothing(installed: Machine) -> None:
    units = ("kat-notes", "kat-courier", "kat-kinto", "rabbitmq-server")
    before = remembered(installed), installed.says("systemctl", "show", "--property=MainPID", *units)
    assert installed.says("katctl", "setup", "--check") == "nothing is missing"
    installed.run("katctl", "setup")
    assert (remembered(installed), installed.says("systemctl", "show", "--property=MainPID", *units)) == before


def test_a_note_goes_through_broker_worker_and_database(installed: Machine) -> None:
    leave_note(installed, "hello")
    assert notes(installed) == ["hello"]


def test_nothing_of_the_broker_listens_beyond_the_loopback(installed: Machine) -> None:
    assert installed.says("katctl", "doctor") == "nothing is wrong"
    listening = [line.split()[1:4] for line in installed.says("cat", "/proc/net/tcp").splitlines()[1:]]
    ports = {int(local[-4:], 16): local[:8] for local, _, state in listening if state == "0A"}
    assert {port: ports[port] for port in (4369, 5672, 25672)} == dict.fromkeys((4369, 5672, 25672), "0100007F")


def test_secrets_are_roots_alone_and_in_no_command_line_or_journal(installed: Machine) -> None:
    secrets: list[str] = list(json.loads(installed.says("cat", REMEMBERED[0])).values())
    assert len(set(secrets)) == len(secrets) >= 4
    modes = installed.says("sh", "-c", "stat -c %a%U /var/lib/kat/secrets.json /var/lib/kat/config/*")
    assert set(modes.split()) == {"600root"}
    said = installed.says("sh", "-c", "journalctl --no-pager; cat /proc/*/cmdline; katctl config; katctl status")
    assert not [secret for secret in secrets if secret in said]


def test_set_up_goes_on_where_it_was_killed(bare_machine: Machine, published: Published) -> None:
    machine, project = bare_machine, published.definition.project
    machine.serve(project.publish.store, PORT)
    install_keyring(machine, project, published.codename)
    machine.shell("echo kat-common kat/setup select manual | debconf-set-selections")
    machine.run("apt-get", "install", "--yes", "kat")
    assert machine.run("systemctl", "is-active", "kat-notes", check=False).returncode != 0
    for tenths in (2, 5, 9, 15, 25, 40, 60, 80):
        machine.run("timeout", "--signal=KILL", f"{tenths / 10}", "katctl", "setup", check=False)
    machine.run("katctl", "setup")
    assert_healthy(machine)
    leave_note(machine, "after all")
    assert machine.says("katctl", "setup", "--check") == "nothing is missing"


def test_an_upgrade_migrates_and_a_failed_one_leaves_the_way_back(
    installed_root: Path, own_archive: Definition, codename: str
) -> None:
    with Machine(installed_root, f"upgrade-{codename}") as machine:
        machine.serve(own_archive.project.publish.store, PORT)
        machine.run("katctl", "setup")
        leave_note(machine, "before the upgrade")
        publish_notes(own_archive, "2.0", SECOND_STEP)
        upgrade(machine)
        assert version_of(machine, "kat-notes").startswith("2.0")
        assert notes(machine) == ["before the upgrade"]
        assert_healthy(machine)
        good = version_of(machine, "kat-notes")

        publish_notes(own_archive, "3.0", SECOND_STEP + BROKEN_STEP)
        upgrade(machine)
        assert version_of(machine, "kat-notes").startswith("3.0")
        assert machine.says("systemctl", "--failed", "--no-legend", "--plain").split()[0] == "kat-setup.service"
        assert machine.run("systemctl", "is-active", "kat-notes", check=False).returncode != 0
        status = machine.run("katctl", "status", check=False)
        assert status.returncode == 1
        assert "the migration 'notes database' of kat-notes failed" in status.stdout
        assert 'relation "nowhere" does not exist' in status.stdout

        (back,) = (line.partition("Or go back: ")[2] for line in status.stdout.splitlines() if "Or go back: " in line)
        install, restore = (shlex.split(command) for command in back.split(" && "))
        machine.run("apt-get", "--yes", *install[1:])
        machine.run(*restore)
        assert version_of(machine, "kat-notes") == good
        assert notes(machine) == ["before the upgrade"]
        assert_healthy(machine)
        assert machine.says("systemctl", "--failed", "--no-legend", "--plain") == ""


def test_a_backup_is_restored_on_a_bare_second_machine(installed: Machine, published: Published) -> None:
    leave_note(installed, "to be kept")
    installed.shell("echo raw >/var/lib/kat-notes/raw; echo NOTES_SLOWNESS=1 >>/etc/kat/notes.conf")
    path = installed.says("katctl", "backup")
    assert installed.says("stat", "-c", "%a %U", path) == "600 root"
    project = published.definition.project
    with Machine(debian_root(published.codename, SERVER), f"second-{published.codename}") as second:
        second.serve(project.publish.store, PORT)
        install_keyring(second, project, published.codename)
        second.run("apt-get", "install", "--yes", "kat")
        leave_note(second, "to be replaced")
        carried = f"/proc/{second.leader}/root/root/kat.tar"
        subprocess.run(["cp", f"/proc/{installed.leader}/root{path}", carried], check=True)
        second.shell("head -c 200000 /root/kat.tar >/root/half.tar")
        refused = second.run("katctl", "restore", "/root/half.tar", check=False)
        assert (refused.returncode, "it is no whole backup" in refused.stderr) == (6, True)
        assert notes(second) == ["to be replaced"]

        second.run("katctl", "restore", "/root/kat.tar")
        assert notes(second) == ["to be kept"]
        assert second.says("cat", "/var/lib/kat-notes/raw") == "raw"
        assert second.says("stat", "-c", "%U %a", "/var/lib/kat-notes") == "kat-notes 750"
        assert "NOTES_SLOWNESS=1" in second.says("cat", "/etc/kat/notes.conf")
        assert second.says("cat", REMEMBERED[0]) == installed.says("cat", REMEMBERED[0])
        assert_healthy(second)
        leave_note(second, "and goes on")
