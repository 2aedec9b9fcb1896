"""The package that sets servers up, and what its being there changes for the others."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg import __version__
from katpkg.model.module import Database, Migration, ModuleSpec
from katpkg.model.names import AccountName, Line, ModuleName, PackageName, UnitName, VariableName
from katpkg.model.package import PackageSpec, Starting
from katpkg.model.payload import MetaPayload, SetupPayload
from katpkg.model.service import Service, Setting
from katpkg.model.target import Compression
from katpkg.model.version import Version
from katpkg.packages.contents import lay_out
from katpkg.packages.deb.debianize import debianize
from katpkg.packages.katctl import katctl_files
from katpkg.packages.order import Order
from katpkg.packages.setup import furnish
from katpkg.packages.spec import make_spec
from tests.builders import MOMENT, TEMPLATES, make_module, make_target
from tests.golden import assert_golden
from tests.unit.pipeline.projects import make_project

SETUP = make_module(
    name=ModuleName("common"),
    package=PackageName("kat-common"),
    payload=SetupPayload(kind="setup", memory=4096, disk=25600),
)
WEB = make_module(
    services=(Service(name=UnitName("kat-web"), description=Line("Web"), exec=Line("/usr/bin/true")),),
    settings=(
        Setting(name=VariableName("WEB_DB"), meaning=Line("Its database"), fill=Line("{database}"), secret=True),
        Setting(name=VariableName("WEB_KEY"), meaning=Line("Its key"), fill=Line("{secret}"), secret=True),
    ),
    database=Database(name=Line("web_db"), role=Line("web")),
    migrations=(Migration(name=Line("web database"), exec=Line("{venv}/bin/migrate"), user=AccountName("kat-web")),),
)


def spec_of(directory: Path, module: ModuleSpec, *others: ModuleSpec) -> PackageSpec:
    order = Order(
        project=make_project(directory, module, *others),
        module=furnish(module) if module.is_setup else module,
        target=make_target(),
        artifact=None,
        date=MOMENT,
        siblings={},
    )
    contents = lay_out(order, None, directory / f"root-{module.name}")
    return make_spec(order, contents, Version("1.0-1~deb12u1"), TEMPLATES)


def content(spec: PackageSpec, path: str) -> bytes:
    (found,) = (each.content for each in spec.entries if each.path == path)
    assert isinstance(found, bytes)
    return found


def test_its_debian_directory_is_as_expected(tmp_path: Path) -> None:
    debianize(spec_of(tmp_path, SETUP, WEB), tmp_path / "tree", TEMPLATES, Compression.XZ)
    debian = tmp_path / "tree/debian"
    for path in sorted(debian.rglob("kat-*")):
        assert_golden(f"setup/{path.name}", path.read_text().replace(__version__, "VERSION"))
    assert_golden("setup/rules", (debian / "rules").read_text())


@pytest.mark.parametrize("script", ["config", "postinst", "postrm"])
def test_a_shell_reads_its_scripts(script: str, tmp_path: Path) -> None:
    path = tmp_path / script
    path.write_text(spec_of(tmp_path, SETUP, WEB).extra[script])
    subprocess.run(["sh", "-n", path], check=True)


def test_all_of_katctl_is_in_it_and_is_not_run_from_bytecode(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, SETUP, WEB)
    paths = {each.path for each in spec.entries}
    assert {f"/usr/lib/kat/katctl/{path.name}" for path in katctl_files()} <= paths
    assert content(spec, "/usr/bin/katctl").startswith(b"#!/usr/bin/python3 -IB\n")


def test_it_tells_what_the_product_is_called_and_needs(tmp_path: Path) -> None:
    told = json.loads(content(spec_of(tmp_path, SETUP, WEB), "/usr/lib/kat/product.json"))
    assert told["product"] == "kat"
    assert told["module"] == "common"
    assert told["needs"] == {"memory": 4096, "disk": 25600}


def test_it_tells_other_hosts_what_they_must_know_and_is_built_anew_when_that_changes(tmp_path: Path) -> None:
    meta = MetaPayload(kind="meta", modules=(ModuleName("common"), ModuleName("web")), version=Line("1"))
    core = make_module(name=ModuleName("core"), package=PackageName("kat-core"), payload=meta)
    spec = spec_of(tmp_path, SETUP, WEB, core)
    told = json.loads(content(spec, "/usr/lib/kat/product.json"))
    assert told["roles"] == [{"name": "core", "package": "kat-core", "modules": ["common", "web"]}]
    (web,) = told["census"]
    assert [service["name"] for service in web["services"]] == ["kat-web"]
    assert [setting["fill"] for setting in web["settings"]] == ["{database}", "{secret}"]
    other = replace(WEB, database=Database(name=Line("other_db"), role=Line("web")))
    (tmp_path / "other").mkdir()
    assert spec_of(tmp_path / "other", SETUP, other, core).inputs != spec.inputs


def test_where_there_is_one_it_starts_the_services_of_the_others(tmp_path: Path) -> None:
    managed = spec_of(tmp_path, WEB, SETUP)
    assert managed.starting is Starting.SETUP
    assert "kat-common" in managed.relations.depends


def test_where_there_is_one_dpkg_has_no_settings_to_ask_about(tmp_path: Path) -> None:
    paths = {each.path for each in spec_of(tmp_path, WEB, SETUP).entries}
    assert "/usr/lib/kat/web.defaults" in paths
    assert not [path for path in paths if path.startswith("/etc/")]


def test_where_there_is_none_packages_start_their_services_themselves(tmp_path: Path) -> None:
    alone = spec_of(tmp_path, WEB)
    assert alone.starting is Starting.INSTALLATION
    assert alone.relations.depends == ()


def test_what_set_up_fills_in_is_told_to_the_server_as_it_was_written(tmp_path: Path) -> None:
    told = json.loads(content(spec_of(tmp_path, WEB, SETUP), "/usr/lib/kat/modules.d/web.json"))
    assert [setting["fill"] for setting in told["settings"]] == ["{database}", "{secret}"]
    assert told["database"] == {"name": "web_db", "role": "web", "connections": 0}
    assert told["migrations"][0]["exec"] == "/opt/venvs/kat-web/bin/migrate"
    assert told["services"][0]["account"] == "kat-web"
