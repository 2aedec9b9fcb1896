"""The whole demo as RPMs, on a booted machine with dnf: databases and a broker, set up by katctl.

The machine is Debian, and so are PostgreSQL and RabbitMQ on it; dnf and rpm are real.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from katpkg.model.names import Codename
from scripts.lab.machine import Machine
from scripts.lab.roots import SERVER, debian_root
from tests.conftest import Published, make_definition
from tests.rpms import PROVIDED, differences, make_rpm

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("rpm_setup")]

ROOT_PACKAGES = (*SERVER, "dnf", "rpm", "gnupg")
PYTHON = ("python(abi) = 3.11", "/usr/bin/python3.11")
DATABASES = ("postgresql", "postgresql-server", "rabbitmq-server")
KEYRING = (
    "/etc/apt/sources.list.d/kat.sources",
    "/etc/yum.repos.d/kat.repo",
    "/usr/share/keyrings/kat-archive-keyring.gpg",
    "/usr/share/keyrings/kat-archive-keyring.asc",
)
ROLES = ("kat-core", "kat-web", "kat-worker")
"""For several hosts; kat has all of them on one."""
KATCTL = "prerm does something that is not understood: katctl prepare-upgrade"
CONVERTED = {
    "demo-greeting": "",
    **dict.fromkeys(("kat", *ROLES), ""),
    "kat-archive-keyring": "it is about apt: /etc/apt/sources.list.d/kat.sources",
    "kat-common": "postinst does something that is not understood: chmod 600 /var/lib/kat/config/common.env.new",
    **dict.fromkeys(("kat-courier", "kat-flower", "kat-hello", "kat-kinto", "kat-notes", "kat-page"), KATCTL),
}
"""What comes of the .debs: nothing is said of those that become RPMs."""

DATABASE = "%_dbpath /var/lib/rpm"
"""As everywhere but on Debian, where each account has a database of its own."""
INSTALL = ("dnf", "--assumeyes")
DESCRIPTOR = "/usr/lib/kat/product.json"
NOTES = "http://127.0.0.1:8088/notes"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> Published:
    """All modules of the demo as RPMs, published, and as .debs."""
    definition = make_definition(tmp_path_factory.mktemp("rpm_setup"), demo_artifacts, "bookworm")
    definition.edit("katpkg.toml", '["bookworm/amd64"]', '["bookworm/amd64", "el9/x86_64"]')
    definition.edit("modules/hello.toml", "_{codename}.zip", "_bookworm.zip")
    for name, more in (
        ("katpkg.toml", '[release.el9]\npython = "3.11"\n'),
        ("modules/greeting.toml", "convert = true\n"),
    ):
        with (definition.directory / name).open("a") as file:
            file.write(more)
    definition.katpkg("build", "--target", "bookworm", "--no-lintian")
    definition.katpkg("build", "--target", "el9")
    definition.katpkg("publish", "--target", "el9")
    return Published(definition=definition, codename=Codename("el9"))


@pytest.fixture(scope="module")
def names(published: Published) -> list[str]:
    """The packages of the archive."""
    built = json.loads((published.definition.project.build.directory / "el9/built.json").read_text())
    return [each["fields"]["Package"] for each in built["packages"]]


@pytest.fixture(scope="module")
def machine(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One on which ``dnf install kat`` was done."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    base = make_rpm(
        tmp_path_factory.mktemp("base"),
        "fake-base",
        tags=[f"Provides: {each}" for each in (*PROVIDED, *PYTHON, *DATABASES)],
    )
    with Machine(debian_root("bookworm", ROOT_PACKAGES), "test-rpm-setup") as machine:
        machine.serve(published.definition.project.publish.store, 8099)
        machine.serve(base.parent, 8098)
        machine.shell(f"mkdir -p /etc/rpm; echo '{DATABASE}' >/etc/rpm/macros.lab")
        machine.run("rpm", "--install", f"http://127.0.0.1:8098/{base.name}")
        pool = "http://127.0.0.1:8099/pool/el9/main/k/kat-archive-keyring"
        machine.run(*INSTALL, "install", f"{pool}/kat-archive-keyring-1-1.el9.noarch.rpm")
        machine.run(*INSTALL, "install", "kat")
        yield machine


def assert_healthy(machine: Machine, names: list[str]) -> None:
    health = machine.run("katctl", "health", check=False)
    assert health.returncode == 0, health.stdout + health.stderr
    assert machine.says("systemctl", "--failed", "--no-legend", "--plain") == ""
    for name in set(names) - set(ROLES):
        done = machine.run("rpm", "--verify", name, check=False)
        assert (done.stdout, done.returncode) == ("", 0), name


def test_deb_and_rpm_of_every_module_install_the_same_files(
    published: Published, names: list[str], tmp_path: Path
) -> None:
    """But for what either has to enable units, and for what they say of the archive."""
    build = published.definition.project.build.directory
    found = {}
    for name in names:
        (deb,) = (build / "bookworm").glob(f"{name}_*.deb")
        (rpm,) = (path for path in (build / "el9").glob("*.rpm") if path.name.rsplit("-", 2)[0] == name)
        found[name] = differences(deb, rpm, tmp_path / name)
    assert found.pop("kat-archive-keyring") == set(KEYRING)
    assert found.pop("kat-common") == {"/usr/bin/katctl", "/usr/lib/systemd/system-preset/50-kat-common.preset"}
    assert not any(found.values()), found
    scripts = [tmp_path / f"kat-common/{form}/usr/bin/katctl" for form in ("deb", "rpm")]
    (first, *rest), (other, *same) = (script.read_text().splitlines() for script in scripts)
    assert (first, other, rest) == ("#!/usr/bin/python3 -IB", "#!/usr/bin/python3.11 -IB", same)


def test_every_deb_of_the_archive_is_converted_or_refused_for_what_only_debian_has(
    published: Published, names: list[str], tmp_path: Path
) -> None:
    debs = published.definition.project.build.directory / "bookworm"
    assert set(CONVERTED) == set(names)
    for name, reason in CONVERTED.items():
        (deb,) = debs.glob(f"{name}_*.deb")
        done = published.definition.katpkg("rpm", "convert", deb, "--output", tmp_path / name, check=False)
        assert done.returncode == (5 if reason else 0), done.stderr
        assert reason in done.stderr
        assert (tmp_path / name).exists() == (not reason)


def test_dnf_install_kat_sets_up_databases_broker_and_services_until_all_is_well(
    machine: Machine, published: Published, names: list[str]
) -> None:
    assert_healthy(machine, names)
    for module in published.definition.project.modules[published.codename]:
        for service in module.services:
            assert machine.says("systemctl", "is-active", f"{service.name}.service") == "active"
            assert machine.says("systemctl", "is-enabled", f"{service.name}.service") == "enabled"
    assert machine.says("katctl", "setup", "--check") == "nothing is missing"
    assert machine.says("stat", "--format=%a", "/var/lib/kat/config") == "700"
    assert "kat-common 0.1.0" in machine.says("rpm", "--query", "--queryformat", "%{NAME} %{VERSION}", "kat-common")


def test_katctl_says_what_to_do_in_dnfs_words(machine: Machine) -> None:
    machine.run("mv", DESCRIPTOR, f"{DESCRIPTOR}.away")
    told = machine.run("katctl", "health", check=False)
    machine.run("mv", f"{DESCRIPTOR}.away", DESCRIPTOR)
    assert told.returncode != 0
    assert f"dnf reinstall the owner of {DESCRIPTOR}" in told.stdout + told.stderr


def test_an_upgrade_stops_all_backs_up_and_sets_up_again_with_nothing_lost(
    machine: Machine, published: Published, names: list[str]
) -> None:
    machine.run("kat-note", "before")
    machine.wait_for(NOTES, contains="before")
    published.definition.edit("modules/notes.toml", "Where people find it", "Where everybody finds it")
    published.definition.katpkg("build", "--target", "el9", "--no-lintian")
    published.definition.katpkg("publish", "--target", "el9")
    machine.run(*INSTALL, "upgrade", "--refresh")
    version = machine.says("rpm", "--query", "--queryformat", "%{EVR}", "kat-notes")
    assert version.endswith("-2.el9")
    assert_healthy(machine, names)
    assert "before" in machine.wait_for(NOTES)
    assert version in machine.says("cat", "/var/lib/kat/state.json")  # by rpm, for dpkg knows nothing of it
    assert machine.says("sh", "-c", "ls /var/backups/kat").count("upgrade") == 1


def test_what_is_removed_is_not_asked_for_any_more_and_comes_back_with_its_data(
    machine: Machine, names: list[str]
) -> None:
    machine.run(*INSTALL, "remove", "kat-notes")
    assert machine.run("systemctl", "is-active", "kat-notes.service", check=False).returncode != 0
    assert "kat-notes" not in machine.run("katctl", "health", check=False).stdout
    machine.run(*INSTALL, "install", "kat")
    assert_healthy(machine, names)
    assert "before" in machine.wait_for(NOTES)
