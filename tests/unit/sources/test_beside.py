"""Artifacts that CI uploads apart and that belong into one package: of one version and run, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line
from katpkg.sources.beside import resolve_all
from katpkg.sources.local import DirectorySource
from katpkg.sources.lock import Lock, read_lock, write_lock
from tests.builders import make_module, make_target
from tests.github.hub import Hub, open_hub

VENV, MODULE = "shop_venv_v1.0_python3.11", "shop_v1.0"
RULE = ArtifactRule(name=Line("shop_venv_{version}_python3.11"), beside=(Line("shop_{version}"),))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with open_hub(tmp_path) as hub:
        yield hub


def resolve(hub: Hub) -> Artifact:
    return resolve_all(hub.source(), make_module(), RULE, make_target())


def test_environment_and_module_of_a_run_are_locked_together(hub: Hub, tmp_path: Path) -> None:
    for name in (VENV, MODULE):
        hub.repository.artifact(hub.run, name, name.encode())
    found = resolve(hub)
    assert [(each.name, each.version) for each in found.all] == [(VENV, "v1.0"), (MODULE, "v1.0")]
    assert hub.get(found.beside[0]).read_text() == MODULE
    write_lock(tmp_path / "katpkg.lock", Lock(artifacts=(found,)))
    assert read_lock(tmp_path / "katpkg.lock") == Lock(artifacts=(found,))


def test_a_module_that_another_run_left_is_not_joined_to_the_environment(hub: Hub) -> None:
    hub.repository.artifact(hub.run, VENV, b"made by one")
    hub.repository.artifact(hub.repository.run("v1.0"), MODULE, b"made by another")
    with pytest.raises(SourceError) as caught:
        resolve(hub)
    assert caught.value.message == f"{VENV} and {MODULE} are not of one run"
    assert caught.value.hint == "have one run make both, or name one that did: katpkg fetch web --run ID"
    assert hub.kept == []


def test_what_lies_beside_is_of_the_same_version_though_there_is_a_newer_one(tmp_path: Path) -> None:
    for name in (VENV, MODULE, "shop_v1.1"):
        (tmp_path / name).touch()
    found = resolve_all(DirectorySource(tmp_path), make_module(), RULE, make_target())
    assert [each.name for each in found.beside] == [MODULE]


def test_an_environment_without_its_module_is_no_artifact(tmp_path: Path) -> None:
    for name in (VENV, "shop_v1.1"):
        (tmp_path / name).touch()
    with pytest.raises(SourceError) as caught:
        resolve_all(DirectorySource(tmp_path), make_module(), RULE, make_target())
    assert "there is no artifact of web of version v1.0" in caught.value.message
