"""In which order things are migrated, started and stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
