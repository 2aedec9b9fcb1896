"""Debian's packages converted to RPMs, on a booted machine: dnf installs them, their services run, rpm finds nothing.

The machine is Debian, with a package that provides what its own libraries are called in RPM's words: what runs is the
same software in another package, and nothing is proven of EL's libraries.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.acceptance.services import NAMES, QUICK, SERVICES, Service
from tests.conftest import make_definition
from tests.ours import Ours
from tests.rpms import make_rpm

pytestmark = pytest.mark.acceptance

PACKAGES = ("python3", "dnf", "rpm", "gnupg")
EVERYTHING = "KATPKG_CONVERT_ALL"
"""Set, to convert all of SERVICES; their libraries make another root."""

DEFINITION = """\
targets = ["el9/x86_64"]
[archive]
name = "kat"
origin = "Small"
label = "Small archive"
description = "What is converted"
uri = "http://127.0.0.1:8099/"
maintainer = "Somebody <somebody@example.org>"
architectures = ["amd64"]
[signing]
public_key = "archive.asc"
[release.el9]
python = "3.11"
"""
MODULES = ("flower", "hello", "page", "greeting")
META = """\
package = "kat"
summary = "what is converted"
description = "Installs what the demo has and what starts by itself."
license = "EUPL-1.2"
copyright = "2026 the katpkg contributors"
section = "metapackages"
[payload]
kind = "meta"
modules = ["flower", "hello", "page", "greeting"]
version = "= flower"
"""
DEMO = {
    "kat-flower": "http://127.0.0.1:5555/healthcheck",
    "kat-hello": "http://127.0.0.1:8086/health",
    "kat-page": "http://127.0.0.1:8087/",
}


def root() -> Path:
    """What the machine boots from."""
    more = [library for service in SERVICES for library in service.libraries] if EVERYTHING in os.environ else []
    return debian_root("bookworm", (*PACKAGES, *more))


@pytest.fixture(scope="module")
def converter(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """A definition with nothing to build."""
    directory = tmp_path_factory.mktemp("convert")
    (directory / "katpkg.toml").write_text(DEFINITION)
    return Ours(directory=directory)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that provides what the machine's own libraries are called, and the packages of EL in NAMES."""
    directory = tmp_path_factory.mktemp("base")
    files = sorted((root() / "usr/lib/x86_64-linux-gnu").glob("*.so.*"))
    listed = "".join(f"{path}\n" for path in files if not path.is_symlink())
    command = ["/usr/lib/rpm/elfdeps", "--provides", "--assume-exec"]
    said = subprocess.run(command, input=listed, check=True, capture_output=True, text=True)
    provided = sorted({*said.stdout.split("\n"), "rtld(GNU_HASH)", *NAMES} - {""})
    return make_rpm(directory, "fake-base", tags=[f"Provides: {each}" for each in provided])


@pytest.fixture
def machine(base: Path) -> Iterator[Machine]:
    """A machine with dnf."""
    assert os.geteuid() == 0, "acceptance tests boot machines, which needs root"
    with Machine(root(), "test-convert") as machine:
        machine.serve(base.parent, 8098)
        machine.run("rpm", "--install", f"http://127.0.0.1:8098/{base.name}")
        yield machine


def convert(converter: Ours, debs: Sequence[Path], into: Path) -> list[Path]:
    done = converter.katpkg("rpm", "convert", *debs, "--output", into)
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


def install(machine: Machine, rpms: Sequence[Path]) -> list[str]:
    machine.serve(rpms[0].parent, 8097)
    urls = [f"http://127.0.0.1:8097/{path.name}" for path in rpms]
    machine.run("dnf", "--assumeyes", "--nogpgcheck", "--setopt=install_weak_deps=False", "install", *urls)
    return [path.name.rsplit("-", 2)[0] for path in rpms]


def assert_as_packaged(machine: Machine, names: Sequence[str]) -> None:
    for name in names:
        done = machine.run("rpm", "--verify", name, check=False)
        assert (done.stdout, done.returncode) == ("", 0), name
    assert machine.says("systemctl", "--failed", "--no-legend", "--plain") == ""


@pytest.fixture(scope="module")
def debs(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> list[Path]:
    """Modules of the demo as .debs: those that start by themselves, for without a set-up they need nothing else."""
    definition = make_definition(tmp_path_factory.mktemp("debs"), demo_artifacts, "bookworm")
    for module in (definition.directory / "modules").iterdir():
        if module.stem not in MODULES:
            module.unlink()
    (definition.directory / "modules/kat.toml").write_text(META)
    definition.katpkg("build", "--no-lintian")
    return sorted((definition.project.build.directory / "bookworm").glob("*.deb"))


@pytest.mark.xdist_group("rpm")
def test_debs_of_the_demo_run_as_rpms_but_for_the_one_that_is_about_apt(
    converter: Ours, debs: list[Path], machine: Machine, tmp_path: Path
) -> None:
    keyring = [deb for deb in debs if "keyring" in deb.name]
    refused = converter.katpkg("rpm", "convert", *keyring, "--output", tmp_path / "refused")
    assert refused.returncode == 5
    assert "it is about apt: /etc/apt/sources.list.d/kat.sources" in refused.stderr
    assert not (tmp_path / "refused").exists()
    rpms = convert(converter, [deb for deb in debs if deb not in keyring], tmp_path / "rpms")
    names = install(machine, rpms)
    assert {"kat", "demo-greeting", *DEMO} == set(names)
    for unit, url in DEMO.items():
        machine.wait_for(url)
        assert machine.says("systemctl", "is-enabled", f"{unit}.service") == "enabled"
    assert_as_packaged(machine, names)
    assert machine.says("stat", "--format=%U:%G %a", "/var/lib/kat-flower") == "kat-flower:kat-flower 750"
    assert machine.says("cat", "/usr/share/doc/kat-page/built-from").count("sha256: ") == 2


@pytest.mark.xdist_group("rpm")
@pytest.mark.parametrize("service", SERVICES if EVERYTHING in os.environ else QUICK, ids=lambda each: each.packages[0])
def test_a_service_of_debians_runs_as_an_rpm_or_is_refused_for_what_it_does(
    service: Service, converter: Ours, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "debs").mkdir()
    download = ["apt-get", "download", "--quiet", "--option=APT::Sandbox::User=root", *service.packages]
    subprocess.run(download, check=True, cwd=tmp_path / "debs", capture_output=True)
    debs = sorted((tmp_path / "debs").iterdir())
    if service.refused:
        done = converter.katpkg("rpm", "convert", *debs, "--output", tmp_path / "rpms")
        assert done.returncode == 5
        assert service.refused in done.stderr
        assert not (tmp_path / "rpms").exists()
        return
    names = install(machine, convert(converter, debs, tmp_path / "rpms"))
    if service.prepare:
        machine.shell(service.prepare)
    if service.asked:
        machine.wait_for(service.asked)
    for unit in service.units:
        assert machine.says("systemctl", "is-active", unit) == "active"
    assert_as_packaged(machine, names)
    machine.run("dnf", "--assumeyes", "remove", *names)
    for unit in service.units:
        assert machine.run("systemctl", "is-active", unit, check=False).returncode != 0
