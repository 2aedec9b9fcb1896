"""What is forged, forked, expired, swapped or cut off: refused, each with its own words, and nothing is kept."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest

from katpkg.errors import SourceError
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Line
from katpkg.model.payload import DebPayload
from katpkg.model.source import Choice, WorkflowPath
from tests.builders import make_module
from tests.github.canary import POWERLESS, REVOKED, tells
from tests.github.hub import CONTENT, Hub
from tests.github.server import Flaw

DEB = make_module(payload=DebPayload(kind="deb"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is wrong, and what is said."""

    spoil: Callable[[Hub], object]
    message: str
    hint: str
    choice: Choice = field(default_factory=Choice)
    rule: ArtifactRule = field(default_factory=lambda: ArtifactRule(name=Line("web-{version}.zip")))
    module: ModuleSpec = field(default_factory=make_module)
    changes: dict[str, Any] = field(default_factory=dict)


def run_is(**changes: Any) -> Callable[[Hub], object]:
    return lambda hub: hub.run.update(changes)


def artifact_is(**changes: Any) -> Callable[[Hub], object]:
    return lambda hub: hub.artifact.update(changes)


def of_a_fork(hub: Hub) -> None:
    hub.run["head_repository"] = hub.github.world.repository("mallory/web").as_json()


def of_a_fork_that_is_gone(hub: Hub) -> None:
    hub.github.checked = False  # GitHub does answer null, and its description does not say so
    hub.run["head_repository"] = None


def of_another_repository(hub: Hub) -> None:
    hub.run["repository"] = hub.github.world.repository("mallory/web").as_json()


def of_a_branch_named_like_a_tag(hub: Hub) -> None:
    del hub.repository.tags["v1.0"]


def of_a_tag_that_was_moved(hub: Hub) -> None:
    hub.repository.tags["v1.0"] = "f" * 40


def of_a_candidate(hub: Hub) -> None:
    hub.repository.tag("v2.0rc1", hub.run["head_sha"])
    hub.run["head_branch"] = "v2.0rc1"


def of_a_tag_named_like_a_branch(hub: Hub) -> None:
    hub.repository.tag("main", "e" * 40)
    hub.run["head_branch"] = "main"


def named(name: str) -> Callable[[Hub], object]:
    return artifact_is(name=name)


def several(hub: Hub) -> None:
    hub.repository.artifact(hub.run, "web-1.1.zip", b"another")


def of_run(key: str, value: object) -> Callable[[Hub], object]:
    return lambda hub: hub.artifact["workflow_run"].update({key: value})


def stored(flaw: Flaw) -> Callable[[Hub], object]:
    return lambda hub: hub.github.flaws.append(flaw)


def powerless(hub: Hub) -> None:
    hub.token = POWERLESS


def unknown_token(hub: Hub) -> None:
    hub.token = REVOKED


def no_token(hub: Hub) -> None:
    hub.token = None


def private(hub: Hub) -> None:
    hub.repository.is_private = True
    hub.token = POWERLESS


def renamed(hub: Hub) -> None:
    hub.repository.called = "acme/site"


def a_draft(hub: Hub) -> None:
    released(hub)["draft"] = True


def of_a_tag_that_is_gone(hub: Hub) -> None:
    released(hub)
    hub.repository.tags.clear()


def deleted_since(hub: Hub) -> None:
    hub.github.fail("/zip", 404, "Not Found")


def expired_since(hub: Hub) -> None:
    hub.github.fail("/zip", 410, "Artifact has expired")


def sent_elsewhere(address: str) -> Callable[[Hub], object]:
    def spoil(hub: Hub) -> None:
        def happen(reply: Any) -> Any:
            reply.stored = None
            reply.headers["location"] = address
            return reply

        hub.github.change("/zip", happen)

    return spoil


def released(hub: Hub, **changes: Any) -> dict[str, Any]:
    release: dict[str, Any] = hub.repository.release("v1.0", {"web-1.0.zip": b"released"})
    release["assets"][0].update(changes)
    return release


RELEASES: dict[str, Any] = {"take": "releases", "workflow": None}

CASES: dict[str, Case] = {
    "a run of a fork": Case(
        spoil=of_a_fork,
        message="its commit is of mallory/web, and forks are not built from",
        hint="choose another, or look at source in katpkg.toml",
    ),
    "a run of a fork that was deleted": Case(
        spoil=of_a_fork_that_is_gone,
        message="its commit is of a repository that is gone, and forks are not built from",
        hint="choose another",
    ),
    "a run of another repository": Case(
        spoil=of_another_repository, message="it is a run of another repository", hint="choose another"
    ),
    "a run that failed": Case(
        spoil=run_is(conclusion="failure"),
        message="it ended in failure",
        hint="choose another",
        choice=Choice(tag="v1.0"),
    ),
    "a run that was cancelled": Case(
        spoil=run_is(conclusion="cancelled"),
        message="it ended in cancelled",
        hint="choose another",
        choice=Choice(tag="v1.0"),
    ),
    "a run that goes on": Case(
        spoil=run_is(status="in_progress", conclusion=None),
        message="it is not finished: in_progress",
        hint="choose another",
        choice=Choice(tag="v1.0"),
    ),
    "a run of a pull request": Case(
        spoil=run_is(event="pull_request"),
        message="pull_request started it, which source.events does not name",
        hint="choose another",
    ),
    "a run that a comment started": Case(
        spoil=run_is(event="issue_comment"),
        message="issue_comment started it, which source.events does not name",
        hint="choose another",
    ),
    "a run of another workflow, by its number": Case(
        spoil=run_is(path=".github/workflows/test.yml"),
        message="it is of the workflow .github/workflows/test.yml",
        hint="choose another",
        choice=Choice(run=-1),
    ),
    "a workflow of that name elsewhere": Case(
        spoil=run_is(path=".github/workflows/sub/build.yml"),
        message="it is of the workflow .github/workflows/sub/build.yml",
        hint="choose another",
    ),
    "a branch that is not named": Case(
        spoil=run_is(head_branch="feature"),
        message="it is of feature, which neither source.tags nor source.branches names",
        hint="choose another",
        choice=Choice(run=-1),
    ),
    "a run of no branch": Case(
        spoil=run_is(head_branch=None),
        message="it is of no branch or tag",
        hint="choose another",
        choice=Choice(run=-1),
    ),
    "a branch that is named like a tag": Case(
        spoil=of_a_branch_named_like_a_tag,
        message="there is no tag v1.0, and a branch of that name is not enough",
        hint="choose another",
    ),
    "a tag that was moved": Case(
        spoil=of_a_tag_that_was_moved,
        message="the tag v1.0 is at ffffffffffff now, and it was built from",
        hint="choose another",
    ),
    "a tag that is named like a branch": Case(
        spoil=of_a_tag_named_like_a_branch,
        message="there is a tag main beside the branch, and it does not say which it is of",
        hint="choose another",
        choice=Choice(branch="main"),
        changes={"branches": ("main",)},
    ),
    "no run at all": Case(
        spoil=lambda _: None,
        message="there is no run of tag v7.0: acme/web, .github/workflows/build.yml",
        hint="look at source.tags, source.branches and source.events",
        choice=Choice(tag="v7.0"),
    ),
    "a run that is not there": Case(
        spoil=lambda _: None,
        message="acme/web has no run 12345678",
        hint="the number is the last part of the run's address",
        choice=Choice(run=12345678),
    ),
    "a workflow that is not there": Case(
        spoil=lambda _: None,
        message="acme/web has no workflow .github/workflows/none.yml",
        hint="look at source.workflow",
        changes={"workflow": WorkflowPath(".github/workflows/none.yml")},
    ),
    "an artifact of another name": Case(
        spoil=named("wbe-1.0.zip"),
        message="there is no artifact of web for bookworm/amd64: no run has one named web-{version}.zip",
        hint="wbe-1.0.zip looks like it",
    ),
    "an artifact that only begins with the name": Case(
        spoil=named("web-1.0.zip.exe"),
        message="no run has one named web-{version}.zip",
        hint="web-1.0.zip.exe looks like it",
    ),
    "two artifacts that fit": Case(
        spoil=several, message="2 artifacts of run", hint="say more in artifact.name, or set artifact.version"
    ),
    "a release candidate without its tilde": Case(
        spoil=named("web-1.0rc2.zip"),
        message="web-1.0rc2.zip is of version 1.0rc2, which dpkg takes for newer than the release it precedes",
        hint="take the workflow that writes a tilde before rc",
        module=DEB,
    ),
    "a run of a release candidate that nobody asked for": Case(
        spoil=of_a_candidate,
        message="there is no release that web could be built from, only v2.0rc1, which comes before one",
        hint="katpkg fetch --tag v2.0rc1",
    ),
    "an artifact that says it is of another run": Case(
        spoil=of_run("id", 1), message="says it is of run 1 at", hint="somebody may be trying to pass something off"
    ),
    "an artifact that says it is of another commit": Case(
        spoil=of_run("head_sha", "a" * 40), message="at aaaaaaaaaaaa", hint="do not use it"
    ),
    "an artifact that says it is of a fork": Case(
        spoil=of_run("head_repository_id", 1), message="says its commit is of a fork", hint="do not use it"
    ),
    "an artifact that says it is of another repository": Case(
        spoil=of_run("repository_id", 1), message="says it is of another repository", hint="do not use it"
    ),
    "an artifact without a digest": Case(
        spoil=artifact_is(digest=None),
        message="GitHub tells no digest of web-1.0.zip",
        hint="upload it with actions/upload-artifact v4 or newer",
    ),
    "an artifact with a digest of another kind": Case(
        spoil=artifact_is(digest=f"md5:{'a' * 32}"),
        message=f"GitHub tells a digest of web-1.0.zip that we do not know: md5:{'a' * 32}",
        hint="see whether a newer katpkg knows it",
    ),
    "an artifact that has expired": Case(
        spoil=artifact_is(expired=True),
        message="web-1.0.zip has expired on 2027-01-30",
        hint="run the workflow again for that commit, or set artifact.asset",
    ),
    "an artifact that expires before it is fetched": Case(
        spoil=expired_since,
        message="web-1.0.zip is locked, and has expired on 2027-01-30: run",
        hint="katpkg fetch web takes what is there now",
    ),
    "an artifact that is deleted before it is fetched": Case(
        spoil=deleted_since,
        message="web-1.0.zip is locked, and acme/web has no artifact",
        hint="katpkg fetch web takes what is there now",
    ),
    "other bytes of the same length": Case(
        spoil=stored(Flaw(times=1, content=CONTENT[::-1])),
        message="web-1.0.zip is not the artifact that is locked",
        hint="if what is there now is right: katpkg fetch web",
    ),
    "more bytes than promised": Case(
        spoil=stored(Flaw(times=1, content=CONTENT + b"x")),
        message=f"more comes than the {len(CONTENT)} bytes that were promised",
        hint="what is there now is not what was locked",
    ),
    "a size that is not that of the digest": Case(
        spoil=artifact_is(size_in_bytes=len(CONTENT) - 1),
        message=f"more comes than the {len(CONTENT) - 1} bytes that were promised",
        hint="what is there now is not what was locked",
    ),
    "a token that may not": Case(
        spoil=powerless,
        message="the token may not do this",
        hint="give it the permission actions: read; in a workflow: permissions: { actions: read }",
    ),
    "a token that is not one": Case(
        spoil=unknown_token, message="GitHub does not accept the token", hint="it may have expired or been revoked"
    ),
    "no token": Case(
        spoil=no_token,
        message="GitHub gives this to nobody without a token",
        hint="export GITHUB_TOKEN=$(gh auth token)",
    ),
    "a private repository": Case(
        spoil=private,
        message="there is no repository acme/web, or we may not see it",
        hint="if it is private, the token needs access to acme/web",
    ),
    "a repository that has another name now": Case(
        spoil=renamed,
        message="acme/web is called acme/site now",
        hint="set it to 'acme/site' once you know that it is the same project",
    ),
    "a redirect to plain http": Case(
        spoil=sent_elsewhere("http://storage.example.org/x"),
        message="it leads to http:// and not to https://",
        hint="nothing but https:// is asked",
    ),
    "a redirect to a file": Case(
        spoil=sent_elsewhere("file:///etc/passwd"),
        message="it leads to file:// and not to https://",
        hint="nothing but https:// is asked",
    ),
    "a redirect with a password in it": Case(
        spoil=sent_elsewhere("https://a:b@storage.example.org/x"),
        message="it leads to an address with a password in it",
        hint="nothing but https:// is asked",
    ),
    "a release without digests": Case(
        spoil=lambda hub: released(hub, digest=None),
        message="GitHub tells no digest of web-1.0.zip, and without one nobody knows whether it was changed",
        hint="artifact.sha256",
        changes=RELEASES,
    ),
    "a release whose asset did not arrive": Case(
        spoil=lambda hub: released(hub, state="open"),
        message="web-1.0.zip has not arrived at the release v1.0 yet, or broke off",
        hint="wait until it is there, or upload it again",
        changes=RELEASES,
    ),
    "a release that is a draft": Case(
        spoil=a_draft,
        message="no release has one named web-{version}.zip",
        hint="look at the releases of acme/web",
        changes=RELEASES,
    ),
    "a release whose tag is gone": Case(
        spoil=of_a_tag_that_is_gone,
        message="the release v1.0 is of a tag that is gone",
        hint="push the tag again",
        changes=RELEASES,
    ),
    "a run where there are only releases": Case(
        spoil=released,
        message="artifacts come from releases of acme/web, and they know no branch main",
        hint="katpkg fetch --tag TAG",
        choice=Choice(branch="main"),
        changes=RELEASES,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_refused_in_its_own_words_and_nothing_is_kept(case: Case, hub: Hub) -> None:
    case.spoil(hub)
    choice = Choice(run=hub.run["id"]) if case.choice.run == -1 else case.choice
    with pytest.raises(SourceError) as caught:
        hub.get(hub.resolve(choice, case.rule, case.module, **case.changes), **case.changes)
    assert case.message in caught.value.message
    assert case.hint in (caught.value.hint or "")
    assert caught.value.where
    assert hub.kept == []
    assert not tells("".join(traceback.format_exception(caught.value)))


def test_each_case_has_words_of_its_own_that_no_other_has() -> None:
    alike = [
        (name, other)
        for (name, case), (other, its) in permutations(CASES.items(), 2)
        if case.message in its.message and case.hint in its.hint
    ]
    assert alike == []
