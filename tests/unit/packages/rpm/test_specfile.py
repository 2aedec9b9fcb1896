"""The source that an RPM is built from, as a packager of Fedora would read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.module import Relations
from katpkg.model.names import AbsolutePath, Line, UnitName
from katpkg.model.package import Entry, EntryKind, PackageSpec, SettingUp, Starting, Unit, VirtualEnvironment
from katpkg.model.target import Compression
from katpkg.model.version import Version
from katpkg.packages.rpm.files import owned
from katpkg.packages.rpm.names import Names
from katpkg.packages.rpm.specfile import write_source
from tests.builders import EL9, TEMPLATES, make_spec, make_target
from tests.golden import assert_golden
from tests.unit.packages import test_render
from tests.unit.packages.test_render import PLACES

NAMES = Names.of(EL9, {"kat", "kat-web"})

FULL = replace(
    test_render.FULL,
    version=Version("1.0~rc1-1.el9"),
    target=make_target(EL9),
    relations=Relations(
        depends=(Line("python3 (>= 3.12)"), Line("python3 (<< 3.13)"), Line("libc6 (>= 2.17)")), suggests=(Line("kat"),)
    ),
    virtual_environment=VirtualEnvironment(path=PLACES.venv, interpreter=AbsolutePath("/usr/bin/python3.12")),
)
LEAST = make_spec(version=Version("1:1.0-1.el9"), target=make_target(EL9), homepage=Line(""))
SETS_UP = replace(
    LEAST,
    relations=Relations(depends=(Line("python3 (>= 3.10)"),)),
    units=(Unit(name=UnitName("kat-setup"), suffix="service", text="[Service]\n", enabled=True),),
    starting=Starting.TRIGGER,
    setting_up=SettingUp(
        watched=AbsolutePath("/usr/lib/kat/modules.d"),
        state=AbsolutePath("/var/lib/kat"),
        unit=UnitName("kat-setup"),
        interpreter=AbsolutePath("/usr/bin/python3.12"),
    ),
    extra={"postinst": "dpkg-trigger"},
)
CASES = {
    "full": FULL,
    "least": LEAST,
    "setup": replace(FULL, starting=Starting.SETUP, virtual_environment=None),
    "sets-up": SETS_UP,
}


def rendered(spec: PackageSpec, directory: Path) -> str:
    return write_source(spec, directory / "tree", TEMPLATES, NAMES, Compression.ZSTD).read_text()


@pytest.mark.parametrize("case", CASES)
def test_the_spec_file_is_as_expected(case: str, tmp_path: Path) -> None:
    assert_golden(f"rpm/{case}.spec", rendered(CASES[case], tmp_path))


def test_a_percent_sign_is_no_macro_and_no_line_of_a_description_is_a_section(tmp_path: Path) -> None:
    spec = replace(LEAST, summary=Line("100% %{sure}"), description="%prep\n\n#hash %install")
    text = rendered(spec, tmp_path)
    assert "Summary: 100%% %%{sure}\n" in text
    assert "\n %%prep\n\n #hash %%install\n" in text


def test_who_is_started_by_the_set_up_is_neither_enabled_nor_started_by_installation(tmp_path: Path) -> None:
    text = rendered(CASES["setup"], tmp_path)
    assert "preset" not in text
    assert "systemctl start" not in text


def test_what_sets_up_is_started_once_all_is_in_its_place_and_not_by_its_own_installation(tmp_path: Path) -> None:
    before, _, after = rendered(SETS_UP, tmp_path).partition("%transfiletriggerin -- /usr/lib/kat/modules.d/\n")
    assert "systemctl --no-reload preset kat-setup.service" in before
    assert "systemctl start" not in before
    assert "systemctl start kat-setup.service" in after
    assert "Requires: /usr/bin/python3.12\nRequires: python(abi) >= 3.10\n" in before
    assert "dpkg-trigger" not in before + after


def test_what_only_debian_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="is made of what only Debian has: config, templates") as caught:
        rendered(replace(LEAST, extra={"config": "", "templates": ""}), tmp_path)
    assert caught.value.hint == "set codenames in the module to the releases it is for"
    assert list(tmp_path.iterdir()) == []


def test_no_directory_is_owned_that_the_system_owns(tmp_path: Path) -> None:
    for name in ("opt/venvs/kat/lib", "usr/bin", "usr/lib/systemd/system", "etc/kat/more", "usr/share/man/man1"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("opt/venvs/kat/lib/[a b].py", "usr/bin/kat", "etc/kat/x.conf", "usr/share/man/man1/kat.1.gz"):
        (tmp_path / name).touch()
    (tmp_path / "etc/link").symlink_to("kat")
    assert list(owned(tmp_path)) == [
        "%dir /etc/kat",
        "%dir /etc/kat/more",
        "%config(noreplace) /etc/kat/x.conf",
        "%config(noreplace) /etc/link",
        "/opt/venvs",
        "/usr/bin/kat",
        "/usr/share/man/man1/kat.1.gz",
    ]


@pytest.mark.parametrize("name", ["a b", "a*", "%{evil}", "[x]", "a\\b", '"'])
def test_a_path_that_rpmbuild_would_misread_is_refused(name: str, tmp_path: Path) -> None:
    entry = Entry(path=AbsolutePath(f"/usr/bin/{name}"), content=b"", kind=EntryKind.FILE)
    with pytest.raises(BuildError, match="rpmbuild would take this path for something else") as caught:
        rendered(replace(LEAST, entries=(entry,)), tmp_path)
    assert caught.value.where == f"/usr/bin/{name}"
    assert not list(tmp_path.rglob("*.spec"))
