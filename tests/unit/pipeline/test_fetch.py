"""Finding artifacts and locking them: all of them, or nothing is written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import ConfigError, SourceError
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Codename, Line, ModuleName
from katpkg.model.payload import MetaPayload
from katpkg.model.project import Project
from katpkg.model.source import Choice
from katpkg.pipeline.fetch import Intake, bring, check_modules, fetch, fetch_locked, intake_of, resolve
from katpkg.report import Quiet
from katpkg.sources.access import Access
from katpkg.sources.lock import Lock, read_lock
from tests.builders import TRIXIE, make_module, make_target
from tests.trees import tree
from tests.unit.pipeline.projects import artifacts, make_project

WEB = make_module(artifact=ArtifactRule(name=Line("web-{version}.zip")))
PAGE = make_module(name=ModuleName("page"), artifact=ArtifactRule(name=Line("page_{codename}-{version}.zip")))
META = make_module(name=ModuleName("kat"), payload=MetaPayload(kind="meta", modules=(), version=Line("1")))
NAMES = ("web-1.0.zip", "page_bookworm-1.0.zip", "page_trixie-1.0.zip")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path, WEB, PAGE, META, targets=(make_target(), make_target(TRIXIE)))
    put(project, *NAMES)
    return project


def intake(project: Project) -> Intake:
    return intake_of(project, Access(now=lambda: 0.0), Quiet())


def put(project: Project, *names: str) -> None:
    artifacts(project).mkdir(exist_ok=True)
    for name in names:
        (artifacts(project) / name).write_text(f"content of {name}")


def locked(project: Project) -> dict[str, str]:
    lock = read_lock(project.lock_file)
    assert lock is not None
    return {f"{each.module} {each.codename}": each.name for each in lock.artifacts}


def test_every_module_that_has_files_is_locked_for_every_target(project: Project) -> None:
    fetch(intake(project), ())
    assert locked(project) == {
        "web bookworm": "web-1.0.zip",
        "web trixie": "web-1.0.zip",
        "page bookworm": "page_bookworm-1.0.zip",
        "page trixie": "page_trixie-1.0.zip",
    }


def test_what_two_targets_share_is_kept_once(project: Project) -> None:
    fetch(intake(project), ())
    kept = [path.read_text() for path in project.build.cache.rglob("*") if path.is_file()]
    assert sorted(kept) == sorted(f"content of {name}" for name in NAMES)


def test_resolving_writes_nothing(project: Project) -> None:
    before = tree(project.directory)
    assert len(resolve(intake(project), ()).artifacts) == 4
    assert tree(project.directory) == before


def test_only_what_is_named_is_looked_up_anew(project: Project) -> None:
    fetch(intake(project), ())
    put(project, "web-1.1.zip", "page_bookworm-1.1.zip")
    fetch(intake(project), ("web",))
    assert locked(project)["web bookworm"] == "web-1.1.zip"
    assert locked(project)["page bookworm"] == "page_bookworm-1.0.zip"


def test_of_two_fetches_at_once_each_locks_what_it_was_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(intake(project), ())
    put(project, "web-1.1.zip", "page_bookworm-1.1.zip", "page_trixie-1.1.zip")

    def bring_slowly(one: Intake, lock: Lock) -> None:
        monkeypatch.undo()
        fetch(intake(project), ("page",))
        bring(one, lock)

    monkeypatch.setattr("katpkg.pipeline.fetch.bring", bring_slowly)
    fetch(intake(project), ("web",))
    assert locked(project) == {
        "web bookworm": "web-1.1.zip",
        "web trixie": "web-1.1.zip",
        "page bookworm": "page_bookworm-1.1.zip",
        "page trixie": "page_trixie-1.1.zip",
    }


def test_without_a_lock_everything_is_looked_up_whatever_is_named(project: Project) -> None:
    fetch(intake(project), ("web",))
    assert len(locked(project)) == 4


def test_what_the_lock_lacks_is_looked_up_too_so_that_two_new_modules_do_not_wait_for_each_other(
    project: Project,
) -> None:
    fetch(intake(replace(project, modules=dict.fromkeys(project.modules, (META,)))), ())
    assert locked(project) == {}
    fetch(intake(project), ("web",))
    assert len(locked(project)) == 4


def test_when_one_is_missing_nothing_is_locked_and_nothing_kept(project: Project) -> None:
    (artifacts(project) / "page_trixie-1.0.zip").unlink()
    before = tree(project.directory)
    with pytest.raises(SourceError, match="there is no artifact of page for trixie/amd64"):
        fetch(intake(project), ())
    assert tree(project.directory) == before


def test_a_module_is_not_looked_for_where_it_is_not_built(project: Project) -> None:
    (artifacts(project) / "page_trixie-1.0.zip").unlink()
    only = replace(PAGE, codenames=(Codename("bookworm"),))
    modules = dict.fromkeys(project.modules, (WEB, only, META))
    fetch(intake(replace(project, modules=modules)), ())
    assert "page trixie" not in locked(project)


def test_a_module_that_is_not_there_is_said_with_those_that_are(project: Project) -> None:
    with pytest.raises(ConfigError) as caught:
        check_modules(project, ("web", "wbe"))
    assert caught.value.message == "there is no module 'wbe'"
    assert caught.value.where == str(project.directory / "modules")
    assert caught.value.hint == "one of kat, page, web"
    check_modules(project, ("web", "kat"))


def test_what_is_locked_is_brought_and_nothing_newer(project: Project) -> None:
    fetch(intake(project), ())
    put(project, "web-1.1.zip")
    shutil.rmtree(project.build.cache)
    before = project.lock_file.read_bytes()
    lock = fetch_locked(intake(project), ("web",))
    assert {each.name for each in lock.artifacts} == {"web-1.0.zip"}
    assert [path.read_text() for path in project.build.cache.rglob("*") if path.is_file()] == ["content of web-1.0.zip"]
    assert project.lock_file.read_bytes() == before


def test_without_a_lock_nothing_is_brought(project: Project) -> None:
    with pytest.raises(ConfigError) as caught:
        fetch_locked(intake(project), ())
    assert (caught.value.message, caught.value.hint) == ("there is no lock", "katpkg fetch")
    assert not project.build.cache.exists()


def test_a_run_can_only_be_asked_for_where_there_are_runs(project: Project) -> None:
    with pytest.raises(ConfigError) as caught:
        intake_of(project, Access(now=lambda: 0.0), Quiet(), Choice(tag="v1.0"))
    assert caught.value.message == "tag v1.0 can only be asked for where artifacts come from GitHub"
    assert caught.value.where == "katpkg.toml: source.kind"
