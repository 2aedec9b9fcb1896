"""Finding artifacts and locking them: all of them, or nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import ConfigError, SourceError
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Codename, Line, ModuleName
from katpkg.model.payload import MetaPayload
from katpkg.model.project import Project
from katpkg.pipeline.fetch import check_modules, fetch, resolve
from katpkg.report import Quiet
from katpkg.sources.lock import read_lock
from tests.builders import TRIXIE, make_module, make_target
from tests.trees import tree
from tests.unit.pipeline.projects import make_project

WEB = make_module(artifact=ArtifactRule(name=Line("web-{version}.zip")))
PAGE = make_module(name=ModuleName("page"), artifact=ArtifactRule(name=Line("page_{codename}-{version}.zip")))
META = make_module(name=ModuleName("kat"), payload=MetaPayload(kind="meta", modules=(), version=Line("1")))
NAMES = ("web-1.0.zip", "page_bookworm-1.0.zip", "page_trixie-1.0.zip")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path, WEB, PAGE, META, targets=(make_target(), make_target(TRIXIE)))
    put(project, *NAMES)
    return project


def put(project: Project, *names: str) -> None:
    project.source.path.mkdir(exist_ok=True)
    for name in names:
        (project.source.path / name).write_text(f"content of {name}")


def locked(project: Project) -> dict[str, str]:
    lock = read_lock(project.lock_file)
    assert lock is not None
    return {f"{each.module} {each.codename}": each.name for each in lock.artifacts}


def test_every_module_that_has_files_is_locked_for_every_target(project: Project) -> None:
    fetch(project, (), Quiet())
    assert locked(project) == {
        "web bookworm": "web-1.0.zip",
        "web trixie": "web-1.0.zip",
        "page bookworm": "page_bookworm-1.0.zip",
        "page trixie": "page_trixie-1.0.zip",
    }


def test_what_two_targets_share_is_kept_once(project: Project) -> None:
    fetch(project, (), Quiet())
    kept = [path.read_text() for path in project.build.cache.rglob("*") if path.is_file()]
    assert sorted(kept) == sorted(f"content of {name}" for name in NAMES)


def test_resolving_writes_nothing(project: Project) -> None:
    before = tree(project.directory)
    assert len(resolve(project, (), Quiet()).artifacts) == 4
    assert tree(project.directory) == before


def test_only_what_is_named_is_looked_up_anew(project: Project) -> None:
    fetch(project, (), Quiet())
    put(project, "web-1.1.zip", "page_bookworm-1.1.zip")
    fetch(project, ("web",), Quiet())
    assert locked(project)["web bookworm"] == "web-1.1.zip"
    assert locked(project)["page bookworm"] == "page_bookworm-1.0.zip"


def test_without_a_lock_everything_is_looked_up_whatever_is_named(project: Project) -> None:
    fetch(project, ("web",), Quiet())
    assert len(locked(project)) == 4


def test_what_the_lock_lacks_is_looked_up_too_so_that_two_new_modules_do_not_wait_for_each_other(
    project: Project,
) -> None:
    fetch(replace(project, modules=dict.fromkeys(project.modules, (META,))), (), Quiet())
    assert locked(project) == {}
    fetch(project, ("web",), Quiet())
    assert len(locked(project)) == 4


def test_when_one_is_missing_nothing_is_locked_and_nothing_kept(project: Project) -> None:
    (project.source.path / "page_trixie-1.0.zip").unlink()
    before = tree(project.directory)
    with pytest.raises(SourceError, match="there is no artifact of page for trixie/amd64"):
        fetch(project, (), Quiet())
    assert tree(project.directory) == before


def test_a_module_is_not_looked_for_where_it_is_not_built(project: Project) -> None:
    (project.source.path / "page_trixie-1.0.zip").unlink()
    only = replace(PAGE, codenames=(Codename("bookworm"),))
    modules = dict.fromkeys(project.modules, (WEB, only, META))
    fetch(replace(project, modules=modules), (), Quiet())
    assert "page trixie" not in locked(project)


def test_a_module_that_is_not_there_is_said_with_those_that_are(project: Project) -> None:
    with pytest.raises(ConfigError) as caught:
        check_modules(project, ("web", "wbe"))
    assert caught.value.message == "there is no module 'wbe'"
    assert caught.value.where == str(project.directory / "modules")
    assert caught.value.hint == "one of kat, page, web"
    check_modules(project, ("web", "kat"))
