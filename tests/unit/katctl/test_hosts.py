"""Who is where, on several hosts; the addresses of this one are those of the loopback."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from katctl import commands
from katctl.answers import HOLE
from katctl.cluster import access_of
from katctl.databases import with_data
from katctl.errors import SettingsError, StepFailed
from katctl.hosts import address_of_interface, is_ours
from katctl.rollout import rollout
from katctl.share import export, take
from katctl.site import Site
from katctl.spread import Part, Passage, passage
from katctl.steps import Configuration
from tests.unit.katctl.site import describe, make_site, setting

HERE, THERE = "127.0.0.1", "192.0.2.7"  # the other one is of documentation's own network
ELSEWHERE = f"core={HERE}\nworker={THERE}\npostgresql={HERE}\nrabbitmq={HERE}\n"


def service(name: str, *roles: str) -> dict[str, Any]:
    return {"name": name, "description": name, "account": name, "roles": list(roles), "health": None}


STORE = describe(
    module="store",
    queue=True,
    database={"name": "store_db", "role": "store", "connections": 10},
    services=[service("kat-store", "core"), service("kat-runner", "worker")],
    settings=[
        setting("DB", fill="{database}", secret=True),
        setting("STORE_ADDRESS", fill="{address of kat-store}", default="127.0.0.1"),
        setting("STORE_URL", fill="http://{address of kat-store}:8001"),
        setting("KEY", fill="{secret}", secret=True),
    ],
    migrations=[{"name": "rows", "exec": "/bin/true", "user": "root"}],
)
WORK = describe(
    module="work",
    queue=True,
    services=[service("kat-work")],
    settings=[setting("TOKEN", fill="{secret}", shared="token"), setting("QUEUE", fill="{queue}", secret=True)],
)
ROLES = [
    {"name": "all", "package": "no-such-all", "modules": ["store", "work"]},
    {"name": "core", "package": "no-such-core", "modules": ["store"]},
    {"name": "worker", "package": "no-such-worker", "modules": ["store", "work"]},
]


def spread(root: Path, *installed: dict[str, Any], hosts: str = ELSEWHERE) -> Site:
    """A host with ``installed``, of a product that has more."""
    return make_site(root, *installed, whole={"roles": ROLES, "census": [STORE, WORK]}, hosts=hosts)


def units(site: Site) -> list[str]:
    return [service.unit for _, service in site.product.services]


def generated(root: Path, module: str) -> str:
    return (root / f"var/lib/kat/config/{module}.env").read_text()


def test_without_a_file_of_hosts_everything_is_here(tmp_path: Path) -> None:
    site = spread(tmp_path, STORE, hosts="")
    assert units(site) == ["kat-store.service", "kat-runner.service"]
    Configuration(site).make()
    assert "STORE_ADDRESS" not in generated(tmp_path, "store")
    assert "@localhost:5432/" in generated(tmp_path, "store")


def test_a_host_runs_the_services_of_its_roles_alone(tmp_path: Path) -> None:
    assert units(spread(tmp_path / "core", STORE)) == ["kat-store.service"]
    swapped = f"core={THERE}\nworker={HERE}\n"
    assert units(spread(tmp_path / "worker", STORE, WORK, hosts=swapped)) == ["kat-runner.service", "kat-work.service"]


def test_data_is_migrated_and_backed_up_where_the_first_service_of_its_module_runs(tmp_path: Path) -> None:
    made = {"databases": ("store_db/store",)}
    home = spread(tmp_path / "core", STORE)
    home.memory.change(**made)
    assert [step.name for step in rollout(home)] == ["migrate rows", "start kat-store"]
    assert [module.name for module, _ in with_data(home)] == ["store"]
    guest = spread(tmp_path / "worker", STORE, hosts=f"core={THERE}\nworker={HERE}\n")
    guest.memory.change(**made)
    assert [step.name for step in rollout(guest)] == ["start kat-runner"]
    assert with_data(guest) == []


def test_addresses_of_services_database_and_broker_follow_from_the_file(tmp_path: Path) -> None:
    there = f"core={THERE}\nworker={HERE}\npostgresql={THERE}\nrabbitmq={THERE}\n"
    site = spread(tmp_path, STORE, WORK, hosts=there)
    Configuration(site).make()
    secrets = json.loads((tmp_path / "var/lib/kat/secrets.json").read_text())
    store = generated(tmp_path, "store")
    assert f'STORE_ADDRESS="{THERE}"' in store
    assert f'STORE_URL="http://{THERE}:8001"' in store
    assert f"@{THERE}/" in store.replace(":5432", "")
    assert f'QUEUE="amqp://kat:{secrets["broker"]}@{THERE}/kat"' in generated(tmp_path, "work")
    assert not site.answers.makes_databases
    assert Passage(site).missing() == [
        str(tmp_path / f"etc/systemd/system/{name}.service.d/katctl.conf") for name in ("kat-runner", "kat-work")
    ]


def test_postgresql_lets_other_hosts_in_to_the_databases_of_their_roles(tmp_path: Path) -> None:
    assert list(access_of(spread(tmp_path, STORE).hosts)) == [f"host store_db store {THERE}/32 scram-sha-256"]


def test_the_broker_listens_where_other_hosts_reach_it_and_is_written_anew_when_that_changes(tmp_path: Path) -> None:
    site = spread(tmp_path, STORE, hosts=ELSEWHERE)
    before = make_site(tmp_path / "single", STORE).rabbitmq
    text = next(iter(site.rabbitmq.confinement.values()))
    assert "listeners.tcp.1 = 127.0.0.1:5672\nlisteners.tcp.2 = 127.0.0.1:5672\n" in text
    for path, content in before.confinement.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert before.is_as_written
    assert not spread(tmp_path / "single", STORE).rabbitmq.is_as_written


def test_what_nobody_said_or_installed_is_told(tmp_path: Path) -> None:
    incomplete = spread(tmp_path / "a", WORK, hosts=f"core={THERE}\nworker={HERE}\n")
    with pytest.raises(StepFailed, match="no-such-worker is not installed") as caught:
        Part(incomplete).make()
    assert caught.value.hint == "apt install no-such-worker"
    with pytest.raises(StepFailed, match="no address in it is this host's"):
        Part(spread(tmp_path / "b", STORE, hosts=f"core={THERE}\n")).make()
    with pytest.raises(SettingsError, match="there is no role 'wroker'") as wrong:
        spread(tmp_path / "c", STORE, hosts=f"wroker={THERE}\n")
    assert wrong.value.hint == "did you mean worker?"


def test_a_role_alone_asks_where_the_others_are_and_all_of_them_together_do_not(tmp_path: Path) -> None:
    def asked(*packages: str) -> list[str]:
        roles = [
            {"name": "all", "package": "no-such-package", "modules": ["common", "store", "work", "extra"]},
            {"name": "core", "package": packages[0], "modules": ["common", "store"]},
            {"name": "worker", "package": packages[1], "modules": ["common", "work"]},
        ]
        whole = {"roles": roles, "census": [STORE, WORK, describe(module="extra", services=[service("kat-extra")])]}
        return Part(make_site(tmp_path, STORE, whole=whole)).missing()

    # dpkg knows these of this machine
    assert asked("dpkg", "no-such-package") == ["dpkg: a part of kat, and nobody said where the rest is"]
    assert asked("dpkg", "bash") == []
    assert asked("no-such-package", "no-such-package") == []


def test_a_host_gets_the_secrets_of_its_roles_and_no_others(tmp_path: Path) -> None:
    site = spread(tmp_path, STORE)
    answers = json.loads(export(site, ["worker"]))
    assert set(answers["secrets"]) == {"broker", "role store", "shared token", "store KEY"}
    assert set(json.loads(export(site, ["core"]))["secrets"]) == {"broker", "role store", "store KEY"}
    assert answers["hosts"]["worker"] == THERE
    kept = json.loads((tmp_path / "var/lib/kat/secrets.json").read_text())
    assert answers["secrets"].items() <= kept.items()


def test_who_waited_for_another_has_the_secrets_that_it_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """apt starts setting up, and an administrator calls at the same time: both began when there were none."""
    said = []
    for site in (spread(tmp_path, STORE), spread(tmp_path, STORE)):
        commands.export(site, Namespace(roles=["worker"]), datetime.now(UTC))
        said.append(json.loads(capsys.readouterr().out)["secrets"])
    assert said[0] == said[1]
    assert said[0].items() <= json.loads((tmp_path / "var/lib/kat/secrets.json").read_text()).items()


def test_answers_are_taken_from_a_file_of_roots_alone_and_replace_those_of_before(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    path.write_text(export(spread(tmp_path / "first", STORE), ["worker"]).replace(THERE, "x").replace(HERE, THERE))
    path.write_text(path.read_text().replace('"x"', f'"{HERE}"'))
    site = spread(tmp_path / "second", STORE, WORK, hosts="")
    assert site.derivation.secrets_of(site.product.modules[1])["broker"] not in path.read_text()
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="others may read it") as caught:
        take(site.hosts.product, path)
    assert caught.value.hint == f"chmod 600 {path}"
    path.chmod(0o600)
    take(site.hosts.product, path)
    fresh = spread(tmp_path / "second", STORE, WORK, hosts="")
    assert units(fresh) == ["kat-runner.service", "kat-work.service"]
    secrets = fresh.derivation.secrets_of(fresh.product.modules[1])
    assert secrets.items() <= json.loads(path.read_text())["secrets"].items()
    with pytest.raises(SettingsError, match="this host has its answers from another"):
        export(fresh, ["worker"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{half", "these are no answers"),
        ('{"format": 1, "product": "other", "hosts": {}, "secrets": {}}', "these are answers for something else"),
    ],
)
def test_what_are_no_answers_is_refused_and_nothing_is_kept(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "answers"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        take(spread(tmp_path, STORE, hosts="").hosts.product, path)
    assert caught.value.hint
    assert not (tmp_path / "var/lib/kat").exists()


def test_nobody_exports_what_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no role 'nothing'"):
        export(spread(tmp_path, STORE), ["nothing"])
    with pytest.raises(SettingsError, match="nobody said where the roles are"):
        export(spread(tmp_path / "single", STORE, hosts=""), ["worker"])


def test_a_role_with_a_hyphen_is_hinted_at_as_the_file_has_it(tmp_path: Path) -> None:
    roles = [{"name": "far-worker", "package": "no-such-worker", "modules": ["store"]}]
    with pytest.raises(SettingsError) as caught:
        export(make_site(tmp_path, STORE, whole={"roles": roles}), ["far-worker"])
    assert caught.value.hint == "far_worker=ADDRESS"
    assert make_site(tmp_path, STORE, whole={"roles": roles}, hosts=f"far_worker={HERE}\n").hosts.is_spread


def test_an_address_is_ours_when_one_can_listen_there() -> None:
    assert is_ours(HERE)
    assert not is_ours(THERE)
    assert not is_ours("nothing.invalid")


def test_the_address_of_an_interface_is_known_while_it_is_there(tmp_path: Path) -> None:
    assert address_of_interface("lo") == "127.0.0.1"
    assert address_of_interface("nothing0") == ""
    bridge = describe(settings=[setting("A", fill="{interface lo}"), setting("B", fill="{interface nothing0}")])
    site = make_site(tmp_path, bridge)
    Configuration(site).make()
    assert passage(site, site.product.modules[0]).endswith("\nIPAddressAllow=127.0.0.0/8\n")
    assert 'A="127.0.0.1"' in generated(tmp_path, "web")
    assert "B=" not in generated(tmp_path, "web")


def test_what_the_administrator_names_in_a_url_is_let_through(tmp_path: Path) -> None:
    words = "S3=http://10.0.0.9:9000\nHERE=http://127.0.0.1:1\nBAD=http://[\nPLAIN=10.0.0.8\n"
    module = describe(settings=[setting("S3"), setting("SHIPPED", default="http://10.0.0.7")])
    site = make_site(tmp_path, module, web=words)
    assert passage(site, site.product.modules[0]).endswith("\nIPAddressAllow=10.0.0.9\n")


def test_holes_are_told_from_other_braces() -> None:
    found = [match.groups() for match in HOLE.finditer("{secret} {address of kat-a} {interface docker0} {A} {}")]
    assert found == [("secret", ""), ("address of", "kat-a"), ("interface", "docker0")]
