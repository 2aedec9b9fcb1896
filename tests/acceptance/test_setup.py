"""A server that sets itself up: whatever happens to it, it ends well, or says what to do."""

from __future__ import annotations

import json
import shlex
import shutil
from functools import partial

import pytest

from scripts.demo.artifacts import FILES, OWN, make, own_wheel
from tests.acceptance.server import Server
from tests.acceptance.test_install import MODULES
from tests.conftest import ARTIFACTS, Published

pytestmark = pytest.mark.acceptance

REMEMBERED = ("/var/lib/kat/secrets.json", "/var/lib/kat/config/notes.env", "/var/lib/kat/config/kinto.env")
SECOND_STEP = 'STEPS.append("ALTER TABLE note ADD COLUMN seen boolean NOT NULL DEFAULT false")\n'
BROKEN_STEP = 'STEPS += ["DELETE FROM note", "ALTER TABLE nowhere ADD COLUMN x integer"]\n'
ACCOUNT_FILES = {f"/etc/{name}-" for name in ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")}


def remembered(machine: Server) -> str:
    return machine.says("cat", *REMEMBERED)


def publish_notes(published: Published, version: str, more: str) -> None:
    """A version of notes whose database has more steps behind it."""
    home = published.definition.directory.parent
    artifacts = home / "artifacts"
    if not artifacts.exists():
        shutil.copytree(ARTIFACTS, artifacts)
        published.definition.edit("katpkg.toml", str(ARTIFACTS), "../artifacts")
    package = home / f"source-{version}" / "notes"
    shutil.copytree(FILES / "notes", package)
    with (package / "schema.py").open("a") as file:
        file.write(more)
    make(artifacts / f"notes-{version}.zip", partial(own_wheel, package, version, OWN["notes"][1]))
    for words in (("fetch",), ("build", "--no-lintian"), ("publish",)):
        published.definition.katpkg(*words)


def test_setting_up_twice_changes_nothing(server: Server) -> None:
    units = ("kat-notes", "kat-courier", "kat-kinto", "rabbitmq-server")
    before = remembered(server), server.says("systemctl", "show", "--property=MainPID", *units)
    assert server.says("katctl", "setup", "--check") == "nothing is missing"
    server.run("katctl", "setup")
    assert (remembered(server), server.says("systemctl", "show", "--property=MainPID", *units)) == before


def test_a_note_goes_through_broker_worker_and_database(server: Server) -> None:
    server.leave_note("hello")
    assert server.notes()[-1] == "hello"


def test_what_was_answered_beforehand_is_in_the_settings(server: Server) -> None:
    assert "NOTES_PUBLIC_URL    https://kat.example.org" in server.says("katctl", "config", "notes")


def test_nothing_of_the_broker_listens_beyond_the_loopback(server: Server) -> None:
    assert server.says("katctl", "doctor") == "nothing is wrong"
    listening = [line.split()[1:4] for line in server.says("cat", "/proc/net/tcp").splitlines()[1:]]
    ports = {int(local[-4:], 16): local[:8] for local, _, state in listening if state == "0A"}
    assert {port: ports[port] for port in (4369, 5672, 25672)} == dict.fromkeys((4369, 5672, 25672), "0100007F")


def test_postgresql_takes_as_many_connections_as_the_modules_open(server: Server) -> None:
    asked = server.says("runuser", "-u", "postgres", "--", "psql", "-Atc", "SHOW max_connections")
    assert asked == "130"  # 100 of notes, 20 of kinto, 10 to spare; PostgreSQL's own is 100


def test_secrets_are_roots_alone_and_in_no_command_line_or_journal(server: Server) -> None:
    secrets: list[str] = list(json.loads(server.says("cat", REMEMBERED[0])).values())
    assert len(set(secrets)) == len(secrets) >= 4
    modes = server.says("sh", "-c", "stat -c %a%U /var/lib/kat/secrets.json /var/lib/kat/config/*")
    assert set(modes.split()) == {"600root"}
    said = server.says("sh", "-c", "journalctl --no-pager; cat /proc/*/cmdline; katctl config; katctl status")
    assert not [secret for secret in secrets if secret in said]


def test_what_the_administrator_disabled_stays_so_and_is_no_complaint(server: Server) -> None:
    server.run("systemctl", "disable", "--now", "kat-page.service")
    server.run("katctl", "setup")
    assert "idle  page     kat-page.service     inactive: the administrator disabled it" in server.says(
        "katctl", "health"
    )
    server.run("systemctl", "enable", "kat-page.service")
    server.run("katctl", "setup")
    assert server.says("systemctl", "is-active", "kat-page.service") == "active"


def test_health_tells_what_is_gone_and_all_is_well_again_once_it_is_back_without_hands(server: Server) -> None:
    foundations = ("postgresql@*", "rabbitmq-server.service")
    server.run("systemctl", "stop", *foundations)
    told = server.run("katctl", "health", check=False)
    assert told.returncode == 1
    unwell = {tuple(line.split()[1:3]) for line in told.stdout.splitlines() if line.startswith("unwell")}
    assert unwell >= {("notes", "database"), ("courier", "broker")}
    assert "Connection refused" in told.stdout
    server.run("systemctl", "start", "postgresql.service", "rabbitmq-server.service")
    server.shell("for i in $(seq 60); do katctl health >/dev/null && exit; sleep 1; done; katctl health")
    server.assert_healthy()


def test_a_backup_that_is_told_to_end_starts_what_it_stopped_and_leaves_nothing(server: Server) -> None:
    units = ("kat-page", "kat-notes", "kat-courier")
    for tenths in (4, 7, 11):
        server.run("timeout", f"{tenths / 10}", "katctl", "backup", "/var/backups", check=False)
        assert server.says("systemctl", "is-active", *units).split() == ["active"] * 3
    server.run("katctl", "setup")
    server.shell("! test -e /var/lib/kat/unfinished; rm -f /var/backups/kat-*-manual.tar")
    assert server.says("find", "/var/backups", "/var/lib/kat", "-name", "*.unfinished", "-o", "-name", "backup-*") == ""


def test_an_upgrade_keeps_the_data_as_it_was_and_migrates_it(server: Server, published: Published) -> None:
    server.leave_note("before the upgrade")
    publish_notes(published, "2.0", SECOND_STEP)
    server.upgrade()
    assert server.version("kat-notes").startswith("2.0")
    assert server.notes()[-1] == "before the upgrade"
    server.assert_healthy()
    assert "-upgrade.tar" in server.says("ls", "/var/backups/kat")


def test_a_migration_that_fails_leaves_the_way_back_and_the_next_version_mends_it(
    server: Server, published: Published
) -> None:
    server.leave_note("before the failure")
    server.shell("echo before >/var/lib/kat-notes/file")
    packages = ("kat", "kat-common", "kat-notes")
    good, kept = [server.version(name) for name in packages], server.notes()
    publish_notes(published, "3.0", SECOND_STEP + BROKEN_STEP)
    server.upgrade()
    assert server.version("kat-notes").startswith("3.0")
    assert server.says("systemctl", "--failed", "--no-legend", "--plain").split()[0] == "kat-setup.service"
    assert server.run("systemctl", "is-active", "kat-notes", check=False).returncode != 0
    status = server.run("katctl", "status", check=False)
    assert status.returncode == 1
    assert "the migration 'notes database' of kat-notes failed" in status.stdout
    assert 'relation "nowhere" does not exist' in status.stdout
    server.shell("echo after >/var/lib/kat-notes/file; touch /var/lib/kat-notes/new")  # as newer programs might

    (back,) = (line.partition("Or go back: ")[2] for line in status.stdout.splitlines() if "Or go back: " in line)
    install, restore = (shlex.split(command) for command in back.split(" && "))
    server.run("apt-get", "--yes", *install[1:])
    server.run(*restore)
    assert [server.version(name) for name in packages] == good
    assert server.notes() == kept
    assert server.shell("cd /var/lib/kat-notes; cat file; test -e new || echo gone") == "before\ngone"
    server.assert_healthy()

    publish_notes(published, "3.1", SECOND_STEP)
    server.upgrade()
    assert server.notes() == kept
    server.assert_healthy()


def test_where_no_systemd_runs_nothing_is_started_and_set_up_is_left_to_the_boot(second: Server) -> None:
    assert second.says("dpkg", "--audit") == ""
    assert second.says("systemctl", "list-units", "--no-legend", "--state=active", "kat-*") == ""
    assert second.says("systemctl", "is-enabled", "kat-setup.service") == "enabled"
    assert second.run("test", "-e", "/var/lib/kat/unfinished", check=False).returncode == 0


def test_set_up_goes_on_where_it_was_killed(second: Server) -> None:
    assert second.run("systemctl", "is-active", "kat-notes", check=False).returncode != 0
    for tenths in (2, 6, 12, 25, 40, 60):
        second.run("timeout", "--signal=KILL", f"{tenths / 10}", "katctl", "setup", check=False)
    second.run("katctl", "setup")
    second.assert_healthy()
    second.leave_note("after all")
    assert second.says("katctl", "setup", "--check") == "nothing is missing"


def test_a_backup_is_restored_on_a_second_machine(server: Server, second: Server) -> None:
    server.leave_note("to be kept")
    server.shell("echo raw >/var/lib/kat-notes/raw; echo NOTES_SLOWNESS=0.5 >>/etc/kat/notes.conf")
    path = server.says("katctl", "backup")
    assert server.says("stat", "-c", "%a %U", path) == "600 root"
    second.run("katctl", "setup")
    second.leave_note("to be replaced")
    shutil.copyfile(server.inside(path), second.inside("/root/kat.tar"))
    second.shell("head -c $(($(stat -c %s /root/kat.tar) / 2)) /root/kat.tar >/root/half.tar")
    refused = second.run("katctl", "restore", "/root/half.tar", check=False)
    assert (refused.returncode, "it is no whole backup" in refused.stderr) == (6, True)
    assert second.notes()[-1] == "to be replaced"

    second.run("katctl", "restore", "/root/kat.tar")
    assert second.notes() == server.notes()
    assert second.says("cat", "/var/lib/kat-notes/raw") == "raw"
    assert second.says("stat", "-c", "%U %a", "/var/lib/kat-notes") == "kat-notes 750"
    assert "NOTES_SLOWNESS=0.5" in second.says("cat", "/etc/kat/notes.conf")
    assert second.says("cat", REMEMBERED[0]) == server.says("cat", REMEMBERED[0])
    second.assert_healthy()
    second.leave_note("and goes on")


def test_purge_leaves_nothing_but_locked_accounts(server: Server) -> None:
    server.shell("echo kat-common kat/purge boolean true | debconf-set-selections")
    server.run("apt-get", "purge", "--yes", "kat", *MODULES, "demo-greeting", "kat-archive-keyring")
    server.run("rm", "-rf", "/var/lib/apt/lists")
    assert server.paths() - server.before - ACCOUNT_FILES == set()
    assert server.says("dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Package}\n").count("kat") == 0
    assert server.says("runuser", "-u", "postgres", "--", "psql", "-Atc", "SELECT datname FROM pg_database") == (
        "postgres\ntemplate1\ntemplate0"
    )
    assert "kat" not in server.says("rabbitmqctl", "--quiet", "list_vhosts")
    for account in MODULES[1:]:
        assert server.says("getent", "passwd", account).endswith("nologin")
        assert server.says("getent", "shadow", account).split(":")[1].startswith("!")
