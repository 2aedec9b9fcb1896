"""A server that runs packages of the same names, which others built, becomes ours, and stays well whatever happens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.acceptance.server import Server
from tests.acceptance.strangers import BROKER_PASSWORD, HMAC, ROLE_PASSWORD, TOKEN
from tests.acceptance.test_install import MODULES
from tests.acceptance.test_setup import ACCOUNT_FILES, SECOND_STEP, publish_notes
from tests.conftest import Published

pytestmark = pytest.mark.acceptance

PYTHONS = ("python3.11", "python3.13")
KILLED = ("kat-common", "kat-courier", "kat-notes")
KILLS = {
    "bookworm": (
        ("half", "dpkg-deb . --fsys-tarfile *kat-notes_*"),
        ("before", "deb-systemd-invoke kat-common.postinst start kat-setup.service"),
    ),
    "trixie": (
        ("after", "katctl kat-*.prerm prepare-upgrade"),
        ("before", "python3.* kat-notes.postinst *-m compileall *"),
    ),
}
"""Where dpkg is killed: after a prerm, while it unpacks, in a postinst, and in the trigger."""

DATA = ("/var/lib/kat-notes", "/var/lib/kat-kinto")
POSTGRESQL = ("/etc/postgresql/",)
"""How many connections the databases are used with; it stays as long as they do."""
KEYRING = "kat-archive-keyring"

OWNERS = """
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
"""


def test_apt_install_kat_takes_over_what_runs_asks_nothing_and_loses_nothing(adopted: Server) -> None:
    adopted.assert_healthy()
    assert adopted.says("dpkg", "--audit") == ""
    assert adopted.notes()[0] == "of long ago"
    adopted.leave_note("after the takeover")
    secrets = json.loads(adopted.says("cat", "/var/lib/kat/secrets.json"))
    kept = {"broker": BROKER_PASSWORD, "role notes": ROLE_PASSWORD, "role kinto": ROLE_PASSWORD}
    kept |= {"shared notes-token": TOKEN, "kinto KINTO_USERID_HMAC_SECRET": HMAC}
    assert secrets == kept


def test_settings_of_before_are_in_force_and_tell_where_they_come_from(adopted: Server) -> None:
    told = {tuple(line.split()) for line in adopted.says("katctl", "config").splitlines()}
    mine = "administrator"
    assert {
        ("notes", "NOTES_SLOWNESS", "0.2", mine, "(/etc/kat/notes.conf)"),
        ("notes", "OF_OUR_OWN", "two", "words", mine, "(/etc/kat/notes.conf)"),
        ("notes", "NOTES_TOKEN", "********", "generated", "(/var/lib/kat/config/notes.env)"),
        ("kinto", "KINTO_PAGINATE_BY", "25", mine, "(/etc/kat/kinto.conf)"),
        ("flower", "FLOWER_PORT", "5557", mine, "(/etc/kat/flower.conf)"),
    } <= told
    assert "NOTES_DATABASE_URL" not in adopted.says("cat", "/etc/kat/notes.conf")
    assert "QUEUE_URI" not in adopted.says("cat", "/etc/kat/courier.conf")


def test_nothing_belongs_to_who_had_it_before(adopted: Server) -> None:
    assert adopted.says("sh", "-c", "find / -xdev \\( -user kat -o -group kat \\) ! -path '/proc/*'") == ""
    assert adopted.says("stat", "-c", "%U %a", "/var/lib/kat-notes", "/etc/kat") == "kat-notes 750\nroot 755"
    for database, role in (("notes_db", "notes"), ("kinto_db", "kinto")):
        assert adopted.says("runuser", "-u", "postgres", "--", "psql", "-Atc", OWNERS, database) == role


def test_dpkg_knows_no_conffile_of_before(adopted: Server) -> None:
    known = adopted.says("dpkg-query", "--show", "--showformat=${Package}${Conffiles}\n", "kat-*")
    assert "kat-notes" in known
    assert "/etc/kat" not in known


def test_what_was_disabled_stays_so_and_what_nothing_reads_any_more_is_told(adopted: Server) -> None:
    assert "inactive: the administrator disabled it" in adopted.says("katctl", "health")
    doctor = adopted.run("katctl", "doctor", check=False).stdout
    edited = "/var/lib/kat/aside/kat-notes/etc/kat/notes.gunicorn.conf.py"
    assert f"{edited}: it was edited, and nothing reads it any more" in doctor
    assert doctor.count("nothing reads it any more") == 1


def test_the_data_was_kept_as_it_was_before_anything_touched_it(adopted: Server) -> None:
    backup = adopted.says("sh", "-c", "ls /var/backups/kat/*-upgrade.tar")
    assert "databases/notes.dump" in adopted.says("tar", "--list", "--file", backup)


def test_which_version_left_the_data_is_known(adopted: Server) -> None:
    left_by = json.loads(adopted.says("cat", "/var/lib/kat/state.json"))["left_by"]
    oldest = adopted.says("apt-cache", "madison", "kat-notes").splitlines()[-1].split("|")[1].strip()
    assert left_by["kat-notes"] == oldest.rpartition("-")[0]


@pytest.mark.parametrize("turn", range(2))
def test_after_dpkg_was_killed_what_it_asks_for_makes_all_well_again(
    adopted: Server, published: Published, codename: str, turn: int
) -> None:
    if turn == 0:
        publish_notes(published, "4.0", SECOND_STEP)
        adopted.run("apt-get", "update", "--error-on=any")
    adopted.leave_note(f"before the kill {turn}")
    kept = adopted.notes()
    moment, point = KILLS[codename][turn]
    kill_at(adopted, moment, point)
    # dpkg does not know what it did with a package whose prerm had begun, and says so by its exit status
    adopted.shell("while grep --quiet --no-messages --line-regexp dpkg /proc/*/comm; do sleep 0.1; done")
    adopted.run("dpkg", "--configure", "-a", check=False)
    states = adopted.says("dpkg-query", "--show", "--showformat=${db:Status-Eflag} ${Package}\n", "kat*").splitlines()
    unsure = [line.split()[1] for line in states if line.startswith("reinstreq")]
    assert len(unsure) <= 1
    said = adopted.run("apt-get", "--yes", "--fix-broken", "--reinstall", "install", *unsure).stdout
    assert "Configuration file" not in said
    assert adopted.says("dpkg", "--audit") == ""
    adopted.assert_healthy()
    assert adopted.notes() == kept


def kill_at(server: Server, moment: str, point: str) -> None:
    """Install all again, and newer versions where there are any, until it is killed."""
    home = server.inside("/root/killer")
    if not home.exists():
        (home / "bin").mkdir(parents=True)
        shutil.copy(Path(__file__).parent / "killer.sh", home / "killer.sh")
        (home / "killer.sh").chmod(0o755)
        for program in ("katctl", "dpkg-deb", "deb-systemd-invoke", *PYTHONS):
            (home / "bin" / program).symlink_to("/root/killer/killer.sh")
    (home / "moment").write_text(moment)
    (home / "point").write_text(point)
    path = "DPkg::Path=/root/killer/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    command = ("apt-get", "--option", path, "--yes", "--reinstall", "install", "kat", *KILLED)
    done = server.run(*command, check=False)
    assert (done.returncode, (home / "point").exists()) == (-SIGKILL, False), done.stdout + done.stderr


def test_a_downgrade_is_refused_and_changes_nothing(adopted: Server) -> None:
    before = adopted.version("kat-notes")
    oldest = adopted.says("apt-cache", "madison", "kat-notes").splitlines()[-1].split("|")[1].strip()
    refused = adopted.run("apt-get", "--yes", "install", f"kat-notes={oldest}", check=False)
    assert refused.returncode != 0
    assert "--allow-downgrades" in refused.stderr
    assert adopted.version("kat-notes") == before
    adopted.assert_healthy()


def test_purge_without_an_answer_keeps_the_data_and_installing_again_finds_it(adopted: Server) -> None:
    kept = adopted.notes()
    adopted.run("apt-get", "purge", "--yes", "kat", "demo-greeting", *MODULES)
    left = what_is_left(adopted)
    assert {path for path in left if not path.startswith(("/var/backups/kat", *DATA, *POSTGRESQL))} == set()
    assert left.issuperset({"/var/lib/kat-notes/data", "/var/lib/kat-kinto/data", "/var/backups/kat"})
    assert {"notes_db", "kinto_db"} <= set(databases(adopted))

    adopted.run("apt-get", "install", "--yes", "kat")
    adopted.assert_healthy()
    assert adopted.notes() == kept
    adopted.leave_note("after all that")


def test_purge_with_all_that_came_along_takes_the_data_when_that_is_wanted(adopted: Server) -> None:
    adopted.shell("echo kat-common kat/purge boolean true | debconf-set-selections")
    adopted.run("apt-get", "purge", "--autoremove", "--yes", "kat")
    assert what_is_left(adopted) == set()
    assert databases(adopted) == ["postgres", "template0", "template1"]
    assert adopted.says("dpkg-query", "--show", "--showformat=${Package}\n", "kat*") == KEYRING
    assert adopted.run("dpkg-query", "--show", "demo-greeting", check=False).returncode != 0


def what_is_left(server: Server) -> set[str]:
    """Paths that were not there before, but for those of accounts and of the archive's own package."""
    keyring = server.says("dpkg-query", "--listfiles", KEYRING).splitlines()
    return {*(server.paths() - server.before - ACCOUNT_FILES)} - set(keyring)


def databases(server: Server) -> list[str]:
    said = server.says("runuser", "-u", "postgres", "--", "psql", "-Atc", "SELECT datname FROM pg_database")
    return sorted(said.splitlines())
