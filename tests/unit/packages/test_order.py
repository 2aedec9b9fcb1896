"""What decides what is in a package, before any of it is made."""

from __future__ import annotations

from pathlib import Path

from katpkg.model.names import Codename, ModuleName, PackageName
from katpkg.model.payload import SetupPayload
from katpkg.packages.order import Order
from tests.builders import EL9, MOMENT, make_module, make_target
from tests.unit.pipeline.projects import make_project

SETUP = make_module(
    name=ModuleName("common"),
    package=PackageName("kat-common"),
    payload=SetupPayload(kind="setup"),
    codenames=(Codename("bookworm"),),
)


def test_a_set_up_counts_only_in_the_releases_that_it_is_for(tmp_path: Path) -> None:
    web, targets = make_module(), (make_target(), make_target(EL9))
    project = make_project(tmp_path, SETUP, web, targets=targets)
    found = [
        Order(project=project, module=web, target=target, artifact=None, date=MOMENT, siblings={}).setup
        for target in targets
    ]
    assert found == [SETUP, None]
