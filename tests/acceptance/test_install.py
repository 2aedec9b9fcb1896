"""What a server's administrator sees: install, upgrade, reinstall, remove, on every release."""

from __future__ import annotations

import pytest

from katpkg.model.service import Service
from scripts.demo.__main__ import survey
from scripts.lab.roots import KEPT
from tests.acceptance.server import Server
from tests.conftest import Published

pytestmark = pytest.mark.acceptance

MODULES = ("kat-common", "kat-courier", "kat-flower", "kat-hello", "kat-kinto", "kat-notes", "kat-page")


def services(published: Published) -> list[Service]:
    modules = published.definition.project.modules[published.codename]
    return [service for module in modules for service in module.services]


def test_apt_install_kat_gives_running_services_that_are_well_and_come_back_at_boot(
    server: Server, published: Published
) -> None:
    server.assert_healthy()
    assert server.says("dpkg", "--audit") == ""
    for service in services(published):
        assert server.says("systemctl", "is-active", f"{service.name}.service") == "active"
        assert server.says("systemctl", "is-enabled", f"{service.name}.service") == "enabled"
    source = server.says("cat", "/etc/apt/sources.list.d/kat.sources")
    assert "Signed-By: /usr/share/keyrings/kat-archive-keyring.gpg" in source
    assert server.says("sh", "-c", "ls /etc/apt/trusted.gpg.d/kat* 2>/dev/null || true") == ""
    interpreter = server.says("readlink", "/opt/venvs/kat-hello/bin/python3")
    assert interpreter.startswith("/usr/bin/python3.")
    assert server.says("runuser", "-u", "kat-kinto", "--", "id", "-un") == "kat-kinto"


def test_units_are_fenced_in_and_well_all_the_same(server: Server, published: Published) -> None:
    for service in services(published):
        report = server.says("systemd-analyze", "security", "--no-pager", f"{service.name}.service")
        exposure = float(report.splitlines()[-1].partition(": ")[2].split()[0])
        assert exposure <= 2.0, f"{service.name}: {exposure}"
    server.assert_healthy()


def test_the_demo_shows_what_is_installed_and_how_it_is(server: Server, published: Published) -> None:
    project = published.definition.project
    table = survey(server, project.archive.keyring_package, project.modules[published.codename])
    packages, verdicts = ([*column.cells] for column in (table.columns[0], table.columns[3]))
    assert {"kat", "kat-common", "kat-kinto", "kat-notes", "kat-archive-keyring"} <= {*packages}
    assert "kat-core" not in packages  # a role of several hosts, which is not this one's
    assert {*verdicts} == {"", "well"}


def test_a_command_runs_with_the_settings_and_the_account_of_its_module(server: Server) -> None:
    assert "5." in server.says("kat-celery", "--version")
    refused = server.run("runuser", "-u", "nobody", "--", "kat-celery", "--version", check=False)
    assert refused.returncode == 77
    assert "run it as root" in refused.stderr


def test_an_upgrade_asks_nothing_and_keeps_the_administrators_words(server: Server, published: Published) -> None:
    before = server.version("kat-flower")
    server.shell("echo FLOWER_PORT=5556 >>/etc/kat/flower.conf; katctl setup")
    server.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    process = server.main_pid("kat-flower")

    definition = published.definition
    definition.edit("modules/flower.toml", "The port it listens on", "The TCP port it listens on")
    definition.katpkg("build", "--no-lintian")
    definition.katpkg("publish")
    server.upgrade()

    after = server.version("kat-flower")
    assert server.run("dpkg", "--compare-versions", before, "lt", after, check=False).returncode == 0
    assert "FLOWER_PORT=5556" in server.says("cat", "/etc/kat/flower.conf")
    assert "The TCP port" in server.says("cat", "/usr/lib/kat/flower.defaults")
    server.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    assert server.main_pid("kat-flower") != process
    server.assert_healthy()


def test_a_reinstallation_changes_nothing_but_that_there_is_a_backup(server: Server) -> None:
    before = server.paths()
    server.run("apt-get", "install", "--yes", "--reinstall", *MODULES, "kat", "demo-greeting", "kat-archive-keyring")
    server.assert_healthy()
    # dpkg notes only now that units are enabled, which katctl did after it
    expected = ("/var/backups/kat", "/var/lib/systemd/deb-systemd-helper-enabled/")
    assert {path for path in server.paths() ^ before if not path.startswith(expected)} == set()


def test_a_new_interpreter_restarts_what_runs_on_it(server: Server) -> None:
    on_it = ("kat-flower", "kat-hello", "kat-kinto")
    before = {name: server.main_pid(name) for name in (*on_it, "kat-page")}
    server.shell(f"dpkg --install {KEPT}/python3.*-minimal_*.deb")
    server.run("katctl", "setup")
    after = {name: server.main_pid(name) for name in before}
    assert all(after[name] != before[name] for name in on_it)
    assert after["kat-page"] == before["kat-page"]


def test_removal_keeps_data_and_configuration_stops_the_service_and_is_undone_by_installing(server: Server) -> None:
    server.shell("echo kept >/var/lib/kat-kinto/data; echo KINTO_PAGINATE_BY=50 >>/etc/kat/kinto.conf")
    server.run("apt-get", "remove", "--yes", "kat-kinto")
    assert server.run("systemctl", "is-active", "kat-kinto.service", check=False).returncode != 0
    assert server.says("cat", "/var/lib/kat-kinto/data") == "kept"
    assert "KINTO_PAGINATE_BY=50" in server.says("cat", "/etc/kat/kinto.conf")
    assert server.run("test", "-e", "/opt/venvs/kat-kinto", check=False).returncode != 0
    assert "kat-kinto" not in server.says("katctl", "health")

    server.run("apt-get", "install", "--yes", "kat")
    assert server.says("systemctl", "is-enabled", "kat-kinto.service") == "enabled"
    assert "kat-kinto" in server.says("katctl", "health")
