"""In which order things are migrated, started and stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from katctl import packages
from katctl.errors import DefinitionError
from katctl.model import Product
from katctl.rollout import rollout, stop_order
from tests.unit.katctl.site import describe, make_site


def service(name: str, *after: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": name,
        "account": name,
        "after": [f"{each}.service" for each in after],
        "health": None,
    } | more


def migration(name: str, *after: str) -> dict[str, Any]:
    return {"name": name, "exec": "/bin/true", "user": "root", "after": list(after)}


MODULES = (
    describe(module="store", services=[service("kat-store", "postgresql")], migrations=[migration("store database")]),
    describe(
        module="web",
        services=[service("kat-web", "kat-store"), service("kat-worker", "kat-web")],
        migrations=[migration("web database", "store"), migration("web rows")],
    ),
)


OLD = describe(
    module="store",
    migrations=[
        migration("rows") | {"exec": "/usr/bin/true"},
        migration("old rows") | {"exec": "/usr/bin/true", "before": "1.17"},
    ],
)


def product_of(root: Path, *modules: dict[str, Any]) -> Product:
    return make_site(root, *modules).product


def test_a_module_is_migrated_before_it_starts_and_after_what_its_migration_asks(tmp_path: Path) -> None:
    names = [step.name for step in rollout(make_site(tmp_path, *MODULES))]
    assert names == [
        "migrate store database",
        "start kat-store",
        "migrate web database",
        "migrate web rows",
        "start kat-web",
        "start kat-worker",
    ]


def test_services_that_need_nothing_of_each_other_start_together(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe(services=[service("kat-b"), service("kat-a")]))
    assert [step.name for step in rollout(site)] == ["start kat-a, kat-b"]


def test_who_uses_another_stops_before_it(tmp_path: Path) -> None:
    assert stop_order(product_of(tmp_path, *MODULES)) == [
        ["kat-worker.service"],
        ["kat-web.service"],
        ["kat-store.service"],
    ]


def test_a_service_that_a_timer_starts_is_left_to_its_timer(tmp_path: Path) -> None:
    assert stop_order(product_of(tmp_path, describe(services=[service("kat-clean", calendar="daily")]))) == [
        ["kat-clean.timer"]
    ]


def test_those_who_wait_for_each_other_are_told(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe(services=[service("kat-a", "kat-b"), service("kat-b", "kat-a")]))
    with pytest.raises(DefinitionError, match="they wait for each other") as caught:
        rollout(site)
    assert "kat-a" in (caught.value.where or "")


def test_a_unit_of_somebody_else_is_no_node_of_ours(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe(services=[service("kat-a", "docker", "rabbitmq-server")]))
    assert [step.name for step in rollout(site)] == ["start kat-a"]


@pytest.mark.parametrize(
    ("left_by", "is_wanted"),
    [("", False), ("1.16.3-1", True), ("2:1.16~rc1", True), ("1.17", False), ("1.17.0-1", False), ("1.20.1-1", False)],
)
def test_what_a_version_needs_once_is_done_for_data_that_an_older_one_left(
    left_by: str, tmp_path: Path, *, is_wanted: bool
) -> None:
    site = make_site(tmp_path, OLD)
    if left_by:
        site.memory.change(left_by={"kat-store": left_by})
    rows, old = rollout(site)
    assert rows.missing() == ["rows, for this version"]
    assert old.missing() == ["old rows, for this version"] * is_wanted


def test_it_is_done_once_however_often_that_data_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"kat-store": "1.20-1"}
    monkeypatch.setattr(packages, "versions", lambda _names: installed)
    site = make_site(tmp_path, OLD)
    site.memory.change(left_by={"kat-store": "1.16-1"})
    _, old = rollout(site)
    old.make()
    assert old.missing() == []
    installed["kat-store"] = "1.21-1"
    site.memory.change(left_by={"kat-store": "1.20-1"})
    assert old.missing() == []
