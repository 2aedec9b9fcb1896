"""Looking at what a repository left behind lately."""

from __future__ import annotations

import pytest

from katpkg.errors import SourceError
from katpkg.sources.github.survey import Survey, Yield
from tests.github.hub import CONTENT, Hub


def survey(hub: Hub) -> Survey:
    return Survey(hub.spec(workflow=None), hub.access, hub.reporter)


def test_the_newest_good_run_of_a_tag_tells_of_its_workflow(hub: Hub) -> None:
    hub.repository.artifact(hub.repository.run("main"), "web-9.9.zip", CONTENT)
    workflow = ".github/workflows/build.yml"
    assert survey(hub).runs() == [
        Yield(workflow=workflow, event="push", ref="v1.0", is_tag=True, names=("web-1.0.zip",))
    ]


def test_forks_pull_requests_and_what_has_expired_are_not_looked_at(hub: Hub) -> None:
    fork = hub.github.world.repository("mallory/web")
    hub.repository.artifact(hub.repository.run("v1.0", home=fork, path=".github/workflows/a.yml"), "a", CONTENT)
    run = hub.repository.run("v1.0", event="pull_request", path=".github/workflows/b.yml")
    hub.repository.artifact(run, "b", CONTENT)
    hub.artifact["expired"] = True
    assert survey(hub).runs() == []


def test_releases_with_files_are_told_and_drafts_are_not(hub: Hub) -> None:
    hub.repository.release("v1.0", {"web_1.0_all.deb": CONTENT})
    hub.repository.release("v1.1", {})
    hub.repository.release("v2.0", {"web_2.0_all.deb": CONTENT}, draft=True)
    found = [(each.ref, each.names, each.workflow) for each in survey(hub).releases()]
    assert found == [("v1.0", ("web_1.0_all.deb",), "")]


def test_a_repository_that_is_not_there_is_said(hub: Hub) -> None:
    del hub.github.world.repositories["acme/web"]
    with pytest.raises(SourceError) as caught:
        survey(hub).runs()
    assert caught.value.message == "there is no repository acme/web, or we may not see it"


def test_runs_that_we_may_not_see_are_said(hub: Hub) -> None:
    hub.github.fail("/actions/runs", 404)
    with pytest.raises(SourceError) as caught:
        survey(hub).runs()
    assert (caught.value.message, caught.value.hint) == ("GitHub tells nothing of the runs", "look at the token")
