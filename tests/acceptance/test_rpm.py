"""RPMs on a booted machine with dnf: install, verify, upgrade, remove. The machine is Debian; dnf and rpm are real.

What EL itself provides is a package without files that says so, and a copy of the interpreter.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from katpkg.model.names import Codename
from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.conftest import Published, make_definition
from tests.rpms import PROVIDED, make_rpm

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("rpm")]

PACKAGES = ("python3", "dnf", "rpm", "gnupg")
MODULES = ("flower", "page")
META = """\
package = "kat"
summary = "everything that there is here"
description = "Installs the services of the demo, at versions that were built together."
license = "EUPL-1.2"
copyright = "2026 the katpkg contributors"
section = "metapackages"
[payload]
kind = "meta"
modules = ["flower", "page"]
version = "= flower"
"""
INTERPRETER = "/usr/bin/python3.11"
HEALTH = {"kat-flower": "http://127.0.0.1:5555/healthcheck", "kat-page": "http://127.0.0.1:8087/"}
INSTALL = ("dnf", "--assumeyes")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> Published:
    """Two modules of the demo and what pulls them in, as RPMs, published."""
    definition = make_definition(tmp_path_factory.mktemp("rpm"), demo_artifacts, "bookworm")
    for module in (definition.directory / "modules").iterdir():
        if module.stem not in MODULES:
            module.unlink()
    (definition.directory / "modules/kat.toml").write_text(META)
    definition.edit("katpkg.toml", '["bookworm/amd64"]', '["el9/x86_64"]')
    main = definition.directory / "katpkg.toml"
    main.write_text(f'{main.read_text()}\n[release.el9]\npython = "3.11"\n')
    definition.katpkg("build")
    definition.katpkg("publish", "--target", "el9")
    return Published(definition=definition, codename=Codename("el9"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What EL brings, and its interpreter in the next version: the same file, replaced."""
    directory = tmp_path_factory.mktemp("base")
    python = debian_root("bookworm", PACKAGES) / INTERPRETER[1:]
    mended = directory / "python"
    mended.write_bytes(python.read_bytes() + b"mended")
    provided = [f"Provides: {each}" for each in PROVIDED]
    fake = make_rpm(directory, "fake-base", tags=provided)
    first, second = (
        make_rpm(
            directory,
            "python3.11",
            version,
            machine="x86_64",
            tags=["Provides: python(abi) = 3.11"],
            files={INTERPRETER: file},
        )
        for version, file in (("3.11.1", python), ("3.11.2", mended))
    )
    (directory / "serve").mkdir()
    for path in (fake, first, second):
        shutil.copy(path, directory / "serve")
    return directory / "serve", second


@pytest.fixture
def machine(published: Published, base: tuple[Path, Path]) -> Iterator[Machine]:
    """A machine that trusts the archive, and reaches it."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    with Machine(debian_root("bookworm", PACKAGES), "test-rpm") as machine:
        machine.serve(published.definition.project.publish.store, 8099)
        machine.serve(base[0], 8098)
        names = ("fake-base-1.0-1.el9.noarch.rpm", "python3.11-3.11.1-1.el9.x86_64.rpm")
        machine.run("rpm", "--install", "--replacefiles", *(f"http://127.0.0.1:8098/{name}" for name in names))
        pool = "http://127.0.0.1:8099/pool/el9/main/k/kat-archive-keyring"
        machine.run(*INSTALL, "install", f"{pool}/kat-archive-keyring-1-1.el9.noarch.rpm")
        yield machine


def assert_healthy(machine: Machine) -> None:
    for unit, url in HEALTH.items():
        machine.wait_for(url)
        assert machine.says("systemctl", "is-active", f"{unit}.service") == "active"
        assert machine.says("systemctl", "is-enabled", f"{unit}.service") == "enabled"


def pid(machine: Machine, unit: str) -> str:
    return machine.says("systemctl", "show", "--property=MainPID", "--value", f"{unit}.service")


def test_dnf_install_kat_gives_running_services_and_nothing_differs_from_its_package(machine: Machine) -> None:
    source = machine.says("cat", "/etc/yum.repos.d/kat.repo")
    assert "\ngpgcheck=1\nrepo_gpgcheck=1\n" in source
    machine.run(*INSTALL, "install", "kat")
    assert_healthy(machine)
    packages = machine.says("rpm", "--query", "--all", "--queryformat", "%{NAME}\n").split()
    assert {"kat", "kat-flower", "kat-page", "kat-archive-keyring"} <= set(packages)
    for name in ("kat", "kat-flower", "kat-page", "kat-archive-keyring"):
        assert machine.says("rpm", "--verify", name) == ""
    assert machine.says("systemctl", "--failed", "--no-legend", "--plain") == ""
    assert machine.says("stat", "--format=%U:%G %a", "/var/lib/kat-flower") == "kat-flower:kat-flower 750"
    assert machine.says("stat", "--format=%U:%G %a", "/etc/kat/flower.conf") == "root:root 640"
    assert "5." in machine.says("kat-celery", "--version")


def test_a_preset_of_the_administrators_keeps_a_service_off(machine: Machine) -> None:
    preset = "/etc/systemd/system-preset/00-mine.preset"
    machine.shell(f"mkdir -p /etc/systemd/system-preset; echo disable kat-page.service >{preset}")
    machine.run(*INSTALL, "install", "kat")
    machine.wait_for(HEALTH["kat-flower"])
    assert machine.run("systemctl", "is-active", "kat-page.service", check=False).stdout.strip() == "inactive"
    assert machine.run("systemctl", "is-enabled", "kat-page.service", check=False).stdout.strip() == "disabled"


def test_a_new_interpreter_restarts_what_runs_on_it_and_nothing_else(machine: Machine, base: tuple[Path, Path]) -> None:
    machine.run(*INSTALL, "install", "kat")
    assert_healthy(machine)
    before = {unit: pid(machine, unit) for unit in HEALTH}
    machine.run("rpm", "--upgrade", "--replacefiles", f"http://127.0.0.1:8098/{base[1].name}")
    assert_healthy(machine)
    assert pid(machine, "kat-flower") != before["kat-flower"]


def test_an_upgrade_keeps_the_administrators_words_and_restarts_once(machine: Machine, published: Published) -> None:
    definition = published.definition
    machine.run(*INSTALL, "install", "kat")
    assert_healthy(machine)
    machine.shell("echo FLOWER_PORT=5556 >>/etc/kat/flower.conf; systemctl restart kat-flower")
    machine.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    process = pid(machine, "kat-flower")
    restarts = "journalctl --sync; journalctl --unit=kat-flower --output=cat | grep -c ^Started"
    started = int(machine.shell(restarts))
    definition.edit("modules/flower.toml", "The port it listens on", "The TCP port it listens on")
    try:
        definition.katpkg("build", "--target", "el9", "--no-lintian")
        definition.katpkg("publish", "--target", "el9")
        machine.run(*INSTALL, "upgrade", "--refresh")
    finally:
        definition.edit("modules/flower.toml", "The TCP port it listens on", "The port it listens on")
    assert machine.says("rpm", "--query", "--queryformat", "%{RELEASE}", "kat-flower") == "2.el9"
    assert "FLOWER_PORT=5556" in machine.says("cat", "/etc/kat/flower.conf")
    assert "The TCP port" in machine.says("cat", "/usr/lib/kat/flower.defaults")
    machine.wait_for("http://127.0.0.1:5556/healthcheck", contains="OK")
    assert pid(machine, "kat-flower") != process
    assert int(machine.shell(restarts)) == started + 1
    differs = machine.run("rpm", "--verify", "kat-flower", check=False).stdout
    assert differs.split() == ["S.5....T.", "c", "/etc/kat/flower.conf"]


def test_removal_stops_the_services_and_keeps_data_and_what_the_administrator_wrote(machine: Machine) -> None:
    machine.run(*INSTALL, "install", "kat")
    assert_healthy(machine)
    machine.shell("echo kept >/var/lib/kat-flower/data; echo A=b >>/etc/kat/flower.conf")
    machine.run(*INSTALL, "remove", "kat", "kat-flower", "kat-page")
    for unit in HEALTH:
        assert machine.run("systemctl", "is-active", f"{unit}.service", check=False).returncode != 0
    assert machine.says("cat", "/var/lib/kat-flower/data") == "kept"
    assert "A=b" in machine.says("cat", "/etc/kat/flower.conf.rpmsave")
    for path in ("/opt/venvs", "/usr/lib/kat", "/usr/share/kat-page", "/usr/lib/systemd/system/kat-page.service"):
        assert machine.run("test", "-e", path, check=False).returncode != 0, path
