"""Which artifact is taken: of which run, of which release, and how that is known."""

from __future__ import annotations

from typing import Any

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line
from katpkg.model.source import Choice
from tests.builders import make_module
from tests.github.hub import CONTENT, TARGET, Hub
from tests.github.world import WORKFLOW

BUNDLED = ArtifactRule(name=Line("web-{version}.zip"), asset=Line("all-{distribution}{release}-{version}.tar.gz"))
RELEASED: dict[str, Any] = {"take": "releases", "workflow": None}


def run_of(artifact: Artifact) -> int:
    assert artifact.provenance is not None
    return artifact.provenance.run


def test_what_is_locked_says_where_it_is_from_and_what_it_is(hub: Hub) -> None:
    found = hub.resolve()
    assert (found.name, found.version, found.digest) == ("web-1.0.zip", "1.0", Digest.of(CONTENT))
    assert found.date == 1793534400  # the commit's
    assert found.origin == f"https://github.com/acme/web/actions/runs/{hub.run['id']}/artifacts/{hub.artifact['id']}"
    assert found.verified == "sha256 that GitHub tells of the artifact"
    assert found.provenance is not None
    assert found.provenance.repository == "acme/web"
    assert found.provenance.commit == hub.repository.tags["v1.0"]
    assert found.provenance.ref == "refs/tags/v1.0"
    assert (found.provenance.run, found.provenance.attempt) == (hub.run["id"], 1)
    assert (found.provenance.id, found.provenance.expires) == (hub.artifact["id"], "2027-01-30T12:00:00Z")
    assert (found.provenance.workflow, found.provenance.event) == (WORKFLOW, "push")


def test_the_newest_version_counts_and_not_the_newest_run(hub: Hub) -> None:
    hub.repository.tag("v0.9.5")
    run = hub.repository.run("v0.9.5")
    hub.repository.artifact(run, "web-0.9.5.zip", b"an older line")
    assert hub.resolve().version == "1.0"


def test_a_release_candidate_is_older_than_its_release(hub: Hub) -> None:
    hub.repository.tag("v1.0rc2")
    hub.repository.artifact(hub.repository.run("v1.0rc2"), "web-1.0~rc2.zip", b"candidate")
    assert hub.resolve().version == "1.0"


def test_a_release_candidate_is_taken_when_it_is_asked_for_and_else_not(hub: Hub) -> None:
    hub.repository.tag("v2.0rc1")
    run = hub.repository.run("v2.0rc1")
    hub.repository.artifact(run, "web-2.0~rc1.zip", b"candidate")
    assert hub.resolve().version == "1.0"
    assert hub.reporter.told == []
    assert run_of(hub.resolve(Choice(tag="v2.0rc1"))) == run["id"]
    assert run_of(hub.resolve(rule=ArtifactRule(name=Line("web-{version}.zip"), version=Line("2.0~rc1")))) == run["id"]


def test_a_version_that_is_asked_for_is_found_though_there_is_a_newer_one(hub: Hub) -> None:
    hub.repository.tag("v2.0")
    hub.repository.artifact(hub.repository.run("v2.0"), "web-2.0.zip", b"two")
    assert hub.resolve().version == "2.0"
    assert hub.resolve(rule=ArtifactRule(name=Line("web-{version}.zip"), version=Line("1.0"))).version == "1.0"


def test_a_name_without_a_version_has_that_of_the_tag(hub: Hub) -> None:
    hub.repository.artifact(hub.run, "web", b"bytes")
    assert hub.resolve(rule=ArtifactRule(name=Line("web"))).version == "1.0"


def test_of_several_runs_of_a_tag_the_newest_counts(hub: Hub) -> None:
    again = hub.repository.run("v1.0")
    hub.repository.artifact(again, "web-1.0.zip", b"again")
    assert run_of(hub.resolve()) == again["id"]


def test_of_several_attempts_artifacts_the_newest_counts(hub: Hub) -> None:
    hub.run["run_attempt"] = 2
    newer = hub.repository.artifact(hub.run, "web-1.0.zip", b"second attempt")
    found = hub.resolve()
    assert found.provenance is not None
    assert (found.provenance.id, found.provenance.attempt) == (newer["id"], 2)


def test_a_run_that_built_only_what_changed_leaves_the_rest_to_the_run_before_and_that_is_said(hub: Hub) -> None:
    hub.repository.tag("v1.1")
    newer = hub.repository.run("v1.1")
    hub.repository.artifact(newer, "other-1.1.zip", b"another module")
    assert run_of(hub.resolve()) == hub.run["id"]
    numbers = (hub.run["run_number"], newer["run_number"])
    assert hub.reporter.told == [
        f"web for bookworm/amd64 is of run {numbers[0]}, refs/tags/v1.0; run {numbers[1]} has not built it"
    ]


@pytest.mark.parametrize("spoilt", [{"conclusion": "failure"}, {"event": "pull_request"}, {"path": "other.yml"}])
def test_a_run_that_may_not_be_built_from_is_passed_over(spoilt: dict[str, Any], hub: Hub) -> None:
    hub.repository.tag("v1.1")
    hub.repository.artifact(hub.repository.run("v1.1", **spoilt), "web-1.1.zip", b"bad")
    assert run_of(hub.resolve()) == hub.run["id"]


def test_each_way_to_ask_for_a_run_finds_that_one(hub: Hub) -> None:
    hub.repository.tag("v2.0")
    hub.repository.artifact(hub.repository.run("v2.0"), "web-2.0.zip", b"two")
    branch = hub.repository.run("main")
    hub.repository.artifact(branch, "web-2.1.dev3.zip", b"three")
    choices = {
        Choice(tag="v1.0"): hub.run["id"],
        Choice(commit=hub.run["head_sha"]): hub.run["id"],
        Choice(run=hub.run["id"]): hub.run["id"],
        Choice(branch="main"): branch["id"],
    }
    found = {choice: run_of(hub.resolve(choice, branches=("main",))) for choice in choices}
    assert found == choices


def test_where_no_tag_may_be_built_from_it_is_the_newest_run_of_a_branch(hub: Hub) -> None:
    hub.repository.artifact(hub.repository.run("main"), "web-1.1.dev1.zip", b"one")
    newest = hub.repository.run("release-1")
    hub.repository.artifact(newest, "web-1.0.1.zip", b"two")
    found = hub.resolve(tags=(), branches=("main", "release-*"))
    assert run_of(found) == newest["id"]
    assert found.provenance is not None
    assert found.provenance.ref == "refs/heads/release-1"


def test_lists_are_read_to_their_end(hub: Hub) -> None:
    hub.github.world.most_per_page = 2
    for number in range(5):
        hub.repository.tag(f"v0.{number}")
        hub.repository.run(f"v0.{number}")
        hub.repository.artifact(hub.run, f"other-{number}.zip", b"")
    found = hub.resolve(rule=ArtifactRule(name=Line("other-{version}.zip"), version=Line("4")))
    assert found.name == "other-4.zip"
    assert hub.github.count("page=3") == 2


def test_nothing_is_asked_twice_for_a_second_module(hub: Hub) -> None:
    hub.repository.artifact(hub.run, "page-1.0.zip", b"page")
    source = hub.source()
    for name in ("web", "page"):
        source.resolve(make_module(), ArtifactRule(name=Line(f"{name}-{{version}}.zip")), TARGET)
    assert len(hub.github.heard) == 4


def test_github_enterprise_is_elsewhere_and_the_same(hub: Hub) -> None:
    found = hub.resolve(api=f"{hub.github.api}/api/v3")
    assert hub.get(found, api=f"{hub.github.api}/api/v3").read_bytes() == CONTENT


def test_an_expired_artifact_is_replaced_by_the_asset_when_the_module_allows_it(hub: Hub) -> None:
    hub.artifact["expired"] = True
    hub.repository.release("v1.0", {"all-debian12-1.0.tar.gz": b"bundle"})
    found = hub.resolve(rule=BUNDLED)
    assert (found.name, found.version, found.digest) == ("all-debian12-1.0.tar.gz", "1.0", Digest.of(b"bundle"))
    assert found.provenance is not None
    assert found.provenance.is_asset
    assert found.provenance.commit == hub.repository.tags["v1.0"]
    assert hub.reporter.told == [
        "web for bookworm/amd64: web-1.0.zip has expired on 2027-01-30; the release's asset is taken"
    ]
    assert hub.get(found).read_bytes() == b"bundle"


def test_a_tag_whose_runs_are_all_gone_still_has_its_release(hub: Hub) -> None:
    hub.repository.runs[hub.run["id"]]["head_branch"] = "elsewhere"
    hub.repository.release("v1.0", {"all-debian12-1.0.tar.gz": b"bundle"})
    assert hub.resolve(Choice(tag="v1.0"), BUNDLED).name == "all-debian12-1.0.tar.gz"


def test_releases_can_be_all_there_is(hub: Hub) -> None:
    hub.repository.release("v1.0", {"web-1.0.zip": b"released"})
    hub.repository.tag("v0.9")
    hub.repository.release("v0.9", {"web-0.9.zip": b"older, released later"})
    found = hub.resolve(**RELEASED)
    assert (found.version, found.digest) == ("1.0", Digest.of(b"released"))
    assert hub.resolve(Choice(tag="v0.9"), **RELEASED).version == "0.9"


def test_a_prerelease_is_taken_when_it_is_asked_for_and_its_tilde_may_have_become_a_period(hub: Hub) -> None:
    hub.repository.tag("v2.0rc1")
    hub.repository.release("v1.0", {"web-1.0.zip": b"one"})
    hub.repository.release("v2.0rc1", {"web-2.0~rc1.zip": b"candidate"}, prerelease=True)
    assert hub.resolve(**RELEASED).version == "1.0"
    found = hub.resolve(Choice(tag="v2.0rc1"), **RELEASED)
    assert (found.name, found.version) == ("web-2.0.rc1.zip", "2.0~rc1")


def test_an_asset_of_another_version_than_the_tag_is_not_meant(hub: Hub) -> None:
    hub.repository.release("v1.0", {"web-9.9.zip": b"odd"})
    with pytest.raises(SourceError, match=r"no release has one named web-\{version\}\.zip") as caught:
        hub.resolve(**RELEASED)
    assert caught.value.hint == "web-9.9.zip looks like it"


def test_without_a_token_what_is_public_can_be_looked_up(hub: Hub) -> None:
    hub.token = None
    assert hub.resolve().version == "1.0"
