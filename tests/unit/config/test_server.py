"""What set-up could not make sense of is told when the definition is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from katpkg.config.server import check_roles, check_server
from katpkg.model.module import Database, Directory, Migration
from katpkg.model.names import AbsolutePath, AccountName, Line, ModuleName, Network, PackageName, UnitName, VariableName
from katpkg.model.payload import MetaPayload
from katpkg.model.service import Health, Sandbox, Service, Setting
from tests.builders import make_module

DATABASE = Database(name=Line("web_db"), role=Line("web"))
EACH = "what is asked for each directory needs the directory, and a URL with * in it"
MODULE = make_module(settings=(Setting(name=VariableName("WEB_PORT"), meaning=Line("Its port")),))


def told(fill: str = "", health: Health | None = None, **changes: object) -> list[str]:
    setting = Setting(name=VariableName("WEB_X"), meaning=Line("Something"), fill=Line(fill))
    service = Service(name=UnitName("kat-web"), description=Line("Web"), exec=Line("/usr/bin/true"), health=health)
    module = replace(MODULE, settings=(*MODULE.settings, setting), services=(service,), **changes)  # type: ignore[arg-type]
    return [f"{error.where}: {error.message}" for error in check_server(module, "web.toml")]


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        ("{secrte}", "nothing is known as {secrte}"),
        ("{adress of kat-web}", "nothing is known as {adress of kat-web}"),
        ("{database}", "the module has no database"),
        ("{queue}", "the module does not use the broker"),
    ],
)
def test_a_value_that_cannot_be_made_is_told(fill: str, message: str) -> None:
    assert told(fill) == [f"web.toml: settings[1].fill: {message}"]


@pytest.mark.parametrize(
    ("health", "message"),
    [
        (Health(), "a probe asks either a URL or a queue"),
        (Health(queue=Line("jobs")), "the module does not use the broker"),
        (Health(url=Line("http://127.0.0.1:{WEB_PROT}/")), "there is no setting 'WEB_PROT'"),
        (Health(url=Line("http://127.0.0.1/"), form=(Line("user=WEB_USER"),)), "there is no setting 'WEB_USER'"),
        (Health(url=Line("http://a/"), each_in=Line("/var/lib/web")), EACH),
        (Health(url=Line("http://a/"), each_url=Line("http://a/*")), EACH),
    ],
)
def test_a_probe_that_cannot_be_asked_is_told(health: Health, message: str) -> None:
    assert told(health=health) == [f"web.toml: services[0].health: {message}"]


@pytest.mark.parametrize(
    ("before", "once", "message"),
    [
        ("v1.17", False, "a version is told here by its numbers alone"),
        ("1.17-1", False, "a version is told here by its numbers alone"),
        ("1.17", True, "what is done for new data alone is never done for older data"),
    ],
)
def test_a_migration_that_no_data_can_be_old_enough_for_is_told(before: str, message: str, *, once: bool) -> None:
    migration = Migration(
        name=Line("rows"), exec=Line("/bin/true"), user=AccountName("web"), before=Line(before), once=once
    )
    assert told(migrations=(migration,)) == [f"web.toml: migrations[0].before: {message}"]


def test_a_setting_that_stands_for_many_has_no_value() -> None:
    many = Setting(name=VariableName("WEB_"), meaning=Line("Any"), prefix=True)
    assert list(check_server(replace(MODULE, settings=(many,)), "web.toml")) == []
    (error,) = check_server(replace(MODULE, settings=(replace(many, default=Line("1")),)), "web.toml")
    assert (error.message, error.where) == (
        "what stands for many has no value of its own",
        "web.toml: settings[0].prefix",
    )
    assert error.hint == "leave out default, fill and required"


def test_what_can_be_made_and_asked_is_fine() -> None:
    assert told("{database}", Health(url=Line("http://127.0.0.1:{WEB_PORT}/")), database=DATABASE) == []
    assert told("{queue}", Health(queue=Line("jobs")), queue=True) == []
    assert told("https://{host}/", None) == []


def test_a_directory_that_only_an_upgrade_would_back_up_is_told() -> None:
    directory = Directory(path=AbsolutePath("/var/lib/web"), user=AccountName("web"), upgrade=True)
    assert told(directories=(directory,)) == [
        "web.toml: directories[0].upgrade: what no backup has, that of an upgrade has not"
    ]
    assert told(directories=(replace(directory, backup=True),)) == []


def test_peers_of_a_service_whose_network_is_open_are_told() -> None:
    service = Service(
        name=UnitName("kat-web"),
        description=Line("Web"),
        exec=Line("/usr/bin/true"),
        sandbox=Sandbox.NETWORK,
        peers=(Network("172.17.0.0/16"),),
    )
    (error,) = check_server(replace(MODULE, services=(service,)), "web.toml")
    assert (error.message, error.where) == ("only a strict sandbox knows peers", "web.toml: services[0].peers")
    assert error.hint == 'sandbox = "strict"'


def test_a_role_and_a_service_of_other_modules_that_are_not_there_are_told() -> None:
    service = Service(
        name=UnitName("kat-web"), description=Line("Web"), exec=Line("/bin/true"), roles=(ModuleName("cor"),)
    )
    setting = Setting(name=VariableName("WEB_X"), meaning=Line("Something"), fill=Line("http://{address of kat-wbe}:1"))
    meta = MetaPayload(kind="meta", modules=(ModuleName("web"),), version=Line("1"))
    core = make_module(name=ModuleName("core"), package=PackageName("kat-core"), payload=meta)
    wrong = replace(MODULE, services=(service,), settings=(setting,))
    assert [(error.where, error.message, error.hint) for error in check_roles((wrong, core))] == [
        ("modules/web.toml: services[0].roles", "no meta package is 'cor'", "did you mean 'core'?"),
        ("modules/web.toml: settings[0].fill", "there is no service 'kat-wbe'", "did you mean 'kat-web'?"),
    ]
    right = replace(setting, fill=Line("{address of kat-web} {interface docker0}"))
    fine = replace(service, roles=(ModuleName("core"),))
    assert list(check_roles((replace(MODULE, services=(fine,), settings=(right,)), core))) == []
