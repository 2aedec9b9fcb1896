"""What is rendered: every template, as a Debian developer would read it."""

from __future__ import annotations

import re
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from debian.copyright import Copyright

from katpkg.config.project import load_project
from katpkg.errors import BuildError, ConfigError
from katpkg.model.module import Directory, LintianOverride, Relations
from katpkg.model.names import (
    AbsolutePath,
    AccountName,
    Architecture,
    Line,
    Network,
    PackageName,
    UnitName,
    VariableName,
)
from katpkg.model.package import Account, Entry, EntryKind, PackageSpec, Starting, Upkeep, VirtualEnvironment
from katpkg.model.service import Command, Health, Sandbox, Service, Setting
from katpkg.model.target import Compression
from katpkg.packages.deb.debianize import debianize
from katpkg.packages.descriptor import descriptor
from katpkg.packages.places import Places
from katpkg.packages.systemd import LEVELS, render_units
from katpkg.packages.templates import Templates, env_quote
from tests.builders import NOBLE, TEMPLATES, make_module, make_spec, make_target
from tests.golden import assert_golden

SERVICE = Service(
    name=UnitName("kat-web"),
    description=Line("Web interface"),
    exec=Line("{venv}/bin/web --listen 127.0.0.1"),
    directory=Line("{state}"),
    groups=(AccountName("docker"),),
    after=(Line("postgresql.service"),),
    wants=(Line("kat-worker.service"),),
    condition=Line("/run/docker.sock"),
    environment=(Line('GREETING=100 % "sure"'),),
    health=Health(url=Line("http://127.0.0.1:8000/health")),
)
TIMER = Service(
    name=UnitName("kat-web-clean"),
    description=Line("Cleaning"),
    exec=Line("/usr/bin/true"),
    oneshot=True,
    calendar=Line("daily"),
    sandbox=Sandbox.OFF,
)
SETTINGS = (
    Setting(name=VariableName("WEB_PORT"), meaning=Line("The port it listens on"), default=Line("8000")),
    Setting(name=VariableName("WEB_KEY"), meaning=Line("Signs cookies"), required=True, secret=True),
)
DIRECTORY = Directory(path=AbsolutePath("/var/lib/kat-web"), user=AccountName("kat-web"))
MODULE = make_module(services=(SERVICE, TIMER), settings=SETTINGS, directories=(DIRECTORY,))
PLACES = Places(prefix=PackageName("kat"), module=MODULE, target=make_target())

CONFFILE = Entry(path=AbsolutePath("/etc/kat/web.conf"), content=b"#\n", kind=EntryKind.CONFFILE, mode=0o640)
UPKEEP = Upkeep(
    descriptors=PLACES.descriptors,
    descriptor=PLACES.descriptor,
    etc=PLACES.etc,
    settings=(PLACES.administrator_file, PLACES.generated_file),
    aside=PLACES.aside,
    question=Line("kat/purge"),
)
FULL = make_spec(
    architecture=Architecture("amd64"),
    relations=Relations(depends=(Line("python3 (>= 3.11)"), Line("python3 (<< 3.12)")), suggests=(Line("kat"),)),
    entries=(
        Entry(path=AbsolutePath("/usr/lib/kat/web.defaults"), content=b"WEB_PORT=8000\n"),
        CONFFILE,
        Entry(path=AbsolutePath("/usr/bin/kat-web"), content=b"#!/bin/sh\n", mode=0o755),
        Entry(path=AbsolutePath("/usr/share/kat/link"), content="../elsewhere", kind=EntryKind.SYMLINK),
    ),
    units=render_units(PLACES, TEMPLATES),
    accounts=(Account(name=AccountName("kat-web"), description=Line("Web interface")),),
    directories=(DIRECTORY,),
    virtual_environment=VirtualEnvironment(
        path=AbsolutePath("/opt/venvs/kat-web"), interpreter=AbsolutePath("/usr/bin/python3.11")
    ),
    lintian=(LintianOverride(tag=Line("no-manual-page"), reason=Line("it is told elsewhere")),),
)

CASES: dict[str, tuple[PackageSpec, Compression]] = {
    "full": (FULL, Compression.XZ),
    "least": (make_spec(), Compression.XZ),
    "managed": (
        make_spec(
            units=FULL.units,
            starting=Starting.SETUP,
            upkeep=UPKEEP,
            entries=(CONFFILE,),
            directories=(DIRECTORY, replace(DIRECTORY, path=AbsolutePath("/var/lib/kat-web-data"), backup=True)),
        ),
        Compression.XZ,
    ),
    "noble": (make_spec(target=make_target(NOBLE)), Compression.ZSTD),
}


@pytest.mark.parametrize("case", CASES)
def test_the_debian_directory_is_as_expected(case: str, tmp_path: Path) -> None:
    spec, compression = CASES[case]
    debianize(spec, tmp_path / "tree", TEMPLATES, compression)
    debian = tmp_path / "tree/debian"
    for path in sorted(debian.rglob("*")):
        if path.is_file():
            assert_golden(f"{case}/{path.relative_to(debian)}", path.read_text())
    assert stat.S_IMODE((debian / "rules").stat().st_mode) == 0o755


def test_files_are_staged_with_their_modes(tmp_path: Path) -> None:
    debianize(FULL, tmp_path / "tree", TEMPLATES, Compression.XZ)
    root = tmp_path / "tree/root"
    assert stat.S_IMODE((root / "etc/kat/web.conf").stat().st_mode) == 0o640
    assert stat.S_IMODE((root / "usr/bin/kat-web").stat().st_mode) == 0o755
    assert (root / "usr/share/kat/link").readlink() == Path("../elsewhere")


@pytest.mark.parametrize("case", CASES)
def test_dpkg_reads_the_changelog_and_shell_reads_the_scripts(case: str, tmp_path: Path) -> None:
    spec, compression = CASES[case]
    debianize(spec, tmp_path / "tree", TEMPLATES, compression)
    shown = subprocess.run(
        ["dpkg-parsechangelog", "--show-field", "Timestamp"],
        cwd=tmp_path / "tree",
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(shown.stdout) == spec.source_date_epoch
    for script in (tmp_path / "tree/debian").glob("*.p*[mt]"):
        if script.suffix in (".preinst", ".postinst", ".prerm", ".postrm"):
            subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.parametrize(
    "entry",
    [
        Entry(path=AbsolutePath("/etc/kat/web.conf"), content=b""),
        Entry(path=AbsolutePath("/usr/lib/kat/web.conf"), content=b"", kind=EntryKind.CONFFILE),
    ],
)
def test_a_conffile_lies_in_etc_and_nothing_else_does(entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="conffiles lie in /etc, and nothing else does"):
        debianize(make_spec(entries=(entry,)), tmp_path / "tree", TEMPLATES, Compression.XZ)


def test_two_parts_cannot_be_one_file(tmp_path: Path) -> None:
    entry = Entry(path=AbsolutePath("/usr/share/x"), content=b"")
    with pytest.raises(BuildError, match="two parts of the package are this file"):
        debianize(make_spec(entries=(entry, entry)), tmp_path / "tree", TEMPLATES, Compression.XZ)


def test_a_value_cannot_smuggle_a_stanza_into_control(tmp_path: Path) -> None:
    evil = str.__new__(Line, "x\n\nPackage: evil")
    with pytest.raises(BuildError, match="the control file did not come out as it was meant"):
        debianize(make_spec(summary=evil), tmp_path / "tree", TEMPLATES, Compression.XZ)


def test_a_licence_that_not_every_debian_system_has_is_told_in_its_own_words(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    debianize(make_spec(license=Line("EUPL-1.2")), tmp_path / "tree", TEMPLATES, Compression.XZ)
    with (tmp_path / "tree/debian/copyright").open() as file:
        (paragraph,) = (str(each.dump()) for each in Copyright(file).all_license_paragraphs())
    said = [word for line in paragraph.splitlines()[1:] if line != " ." for word in line.split()]
    assert said == (root / "LICENSE").read_text().split()
    definitions = "".join(path.read_text() for path in (root / "repo/modules").glob("*.toml"))
    texts = {path.name for path in (root / "debian-templates").glob("license.*.txt")}
    assert texts == {f"license.{name}.txt" for name in re.findall(r'(?m)^license = "(.+)"', definitions)}


def test_every_template_is_used() -> None:
    source = "\n".join(path.read_text() for path in (Path(__file__).parents[3] / "katpkg").rglob("*.py"))
    names = [path.name for path in (Path(__file__).parents[3] / "debian-templates").glob("*.j2")]
    assert [name for name in names if f'"{name}"' not in source] == []


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in render_units(PLACES, TEMPLATES):
        (tmp_path / f"{unit.name}.{unit.suffix}").write_text(
            unit.text.replace("/opt/venvs/kat-web/bin/web", "/bin/true")
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())],
        check=False,
        capture_output=True,
        text=True,
    )
    mine = [line for line in done.stderr.splitlines() if "kat-web" in line and "kat-worker" not in line]
    assert mine == []


@pytest.mark.parametrize(("level", "most"), [(Sandbox.STRICT, 2.0), (Sandbox.NETWORK, 2.0), (Sandbox.JIT, 2.0)])
def test_a_sandbox_is_as_tight_as_it_says(level: Sandbox, most: float, tmp_path: Path) -> None:
    unit = tmp_path / "x.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nUser=nobody\n" + "\n".join(LEVELS[level]) + "\n")
    assert exposure(unit) <= most


def test_every_unit_of_the_archive_that_is_defined_here_is_fenced_in(tmp_path: Path) -> None:
    project = load_project(Path(__file__).parents[3] / "repo").project
    target = project.targets[0]
    for module in project.modules[target.release.codename]:
        for unit in render_units(Places(prefix=project.archive.name, module=module, target=target), TEMPLATES):
            (tmp_path / f"{unit.name}.{unit.suffix}").write_text(unit.text)
    exposures = {unit.stem: exposure(unit) for unit in tmp_path.glob("*.service")}
    assert len(exposures) >= 10
    assert max(exposures.values()) <= 2.0, exposures


def test_a_service_that_ends_otherwise_than_with_0_when_it_is_stopped_has_not_failed() -> None:
    (unit,) = units_of(make_service(success_status=(143,)))
    assert "\nSuccessExitStatus=143\n" in unit
    (unit,) = units_of(make_service())
    assert "SuccessExitStatus" not in unit


def test_a_service_that_needs_many_files_gets_them() -> None:
    (unit,) = units_of(make_service(open_files=262144))
    assert "\nLimitNOFILE=262144\n" in unit
    (unit,) = units_of(make_service())
    assert "LimitNOFILE" not in unit


def test_files_of_a_service_are_its_own_unless_others_are_to_read_them() -> None:
    (unit,) = units_of(make_service())
    assert "\nUMask=0077\n" in unit
    (unit,) = units_of(make_service(umask="0022"))
    assert "\nUMask=0022\n" in unit


def test_a_strict_service_reaches_and_is_reached_from_this_host_and_its_peers_alone() -> None:
    (unit,) = units_of(make_service(peers=(Network("172.17.0.0/16"), Network("fd00::/8"))))
    assert "\nIPAddressDeny=any\nIPAddressAllow=localhost 172.17.0.0/16 fd00::/8\n" in unit
    (unit,) = units_of(make_service())
    assert "\nIPAddressDeny=any\nIPAddressAllow=localhost\n" in unit


def test_what_asks_for_no_password_is_open_to_this_host_and_the_bridge_of_docker_alone() -> None:
    project = load_project(Path(__file__).parents[3] / "repo").project
    target = project.targets[0]
    (module,) = (each for each in project.modules[target.codename] if each.name == "boefjes")
    places = Places(prefix=project.archive.name, module=module, target=target)
    (unit,) = (unit.text for unit in render_units(places, TEMPLATES) if unit.name == "kat-boefjes")
    assert "\nIPAddressDeny=any\nIPAddressAllow=localhost 172.17.0.0/16\n" in unit


def make_service(**changes: Any) -> Service:
    service = Service(name=UnitName("kat-web"), description=Line("Web"), exec=Line("/usr/bin/true"))
    return replace(service, **changes)


def units_of(*services: Service) -> list[str]:
    places = Places(prefix=PLACES.prefix, module=make_module(services=services), target=make_target())
    return [unit.text for unit in render_units(places, TEMPLATES)]


def exposure(unit: Path) -> float:
    """How exposed systemd finds a service, from 0 to 10."""
    command: list[str | Path] = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return float(said.splitlines()[-1].partition(": ")[2].split()[0])


def test_the_descriptor_tells_the_server_about_the_module() -> None:
    assert_golden("descriptor.json", descriptor(PLACES).decode())


def test_settings_and_commands_are_as_expected() -> None:
    files = {
        "package": "kat-web",
        "defaults_file": PLACES.defaults_file,
        "generated_file": PLACES.generated_file,
        "administrator_file": PLACES.administrator_file,
        "afterwards": "systemctl restart kat-web.service",
    }
    assert_golden("settings/web.defaults", TEMPLATES.render("defaults.j2", settings=SETTINGS, **files))
    assert_golden("settings/web.conf", TEMPLATES.render("administrator.conf.j2", **files))
    command = Command(name=Line("kat-web"), exec=Line("/opt/venvs/kat-web/bin/web"), user=AccountName("kat-web"))
    values = {
        "name": command.name,
        "exec": command.exec,
        "package": "kat-web",
        "user": command.user,
        "directory": "/var/lib/kat-web",
        "settings_files": (PLACES.defaults_file, PLACES.generated_file, PLACES.administrator_file),
    }
    assert_golden("settings/kat-web", TEMPLATES.render("command.j2", **values))
    assert_golden("settings/kat-web.1", TEMPLATES.render("command.1.j2", **values))


NASTY = ["plain", "two words", 'a "quote"', "$HOME", "`id`", "back\\slash", "100%", "it's", "#no comment", ""]


@pytest.mark.parametrize("value", NASTY)
def test_a_setting_is_read_back_by_the_shell_as_it_was_meant(value: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(f"VALUE={env_quote(value)}\n")
    done = subprocess.run(["sh", "-c", f'. {file}; printf %s "$VALUE"'], check=True, capture_output=True, text=True)
    assert done.stdout == value


def test_an_unknown_placeholder_is_told() -> None:
    with pytest.raises(ConfigError, match=r"unknown placeholder .vevn."):
        PLACES.fill("{vevn}/bin/web")


def test_a_missing_value_is_an_error_and_not_an_empty_text(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("{{ missing }}")
    with pytest.raises(BuildError, match="'missing' is undefined"):
        Templates(tmp_path).render("x.j2")


def test_the_digest_of_templates_changes_with_any_of_them(tmp_path: Path) -> None:
    (tmp_path / "x.j2").write_text("a")
    before = Templates(tmp_path).digest()
    (tmp_path / "x.j2").write_text("b")
    assert Templates(tmp_path).digest() != before
