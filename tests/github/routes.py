"""What the API of the tests answers, path by path. Nothing here speaks HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.github.contract import example
from tests.github.world import WHEN, Json, Repository, World


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer before it is sent; ``stored`` is the number of what storage is to hand out."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    stored: int | None = None


@dataclass(slots=True, kw_only=True)
class Question:
    """A request, as far as routes need to know it."""

    target: str
    token: str | None
    headers: Mapping[str, str]
    base: str
    """Where the API is, for links."""

    @property
    def query(self) -> dict[str, str]:
        """Its parameters."""
        return dict(parse_qsl(urlsplit(self.target).query))


Route = Callable[[World, Repository, Question, re.Match[str]], Reply]
ROUTES: list[tuple[re.Pattern[str], Route]] = []
HOME = re.compile(r"/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)(?P<rest>/.*)?")


def refuse(status: int, message: str, **headers: str) -> Reply:
    """An error as GitHub words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return Reply(status=status, body=body, headers=named)


def answer(world: World, question: Question) -> Reply:
    """What GitHub would say."""
    path = urlsplit(question.target).path
    if path == "/rate_limit":
        return Reply(body=example("rate-limit-overview"))
    if question.token is not None and question.token not in world.tokens:
        return refuse(401, "Bad credentials")
    home = HOME.fullmatch(path)
    repository = world.repositories.get(f"{home['owner']}/{home['name']}") if home else None
    may_read = world.tokens.get(question.token or "", False)
    if home is None or repository is None or (repository.is_private and not may_read):
        return refuse(404, "Not Found")
    for pattern, route in ROUTES:
        if match := pattern.fullmatch(home["rest"] or ""):
            return route(world, repository, question, match)
    return refuse(404, "Not Found")


def _route(pattern: str) -> Callable[[Route], Route]:
    def register(route: Route) -> Route:
        ROUTES.append((re.compile(pattern), route))
        return route

    return register


@_route("")
def _repository(_: World, repository: Repository, __: Question, ___: re.Match[str]) -> Reply:
    return Reply(body=example("full-repository", **repository.as_json()))


@_route(r"/actions/workflows/(?P<file>[^/]+)/runs|/actions/runs")
def _runs(world: World, repository: Repository, question: Question, match: re.Match[str]) -> Reply:
    file, query = match["file"], question.query
    runs = sorted(repository.runs.values(), key=lambda run: run["id"], reverse=True)
    if file and not any(run["path"].endswith(f"/{file}") for run in runs):
        return refuse(404, "Not Found")
    found = [
        run
        for run in runs
        if (not file or run["path"].endswith(f"/{file}"))
        and query.get("status", run["status"]) in (run["status"], run["conclusion"])
        and query.get("branch", run["head_branch"]) == run["head_branch"]
        and query.get("head_sha", run["head_sha"]) == run["head_sha"]
    ]
    return _paged(world, question, found, "workflow_runs")


@_route(r"/actions/runs/(?P<id>\d+)")
def _run(_: World, repository: Repository, __: Question, match: re.Match[str]) -> Reply:
    return _one(repository.runs.get(int(match["id"])))


@_route(r"/actions/runs/(?P<id>\d+)/artifacts")
def _artifacts_of_run(world: World, repository: Repository, question: Question, match: re.Match[str]) -> Reply:
    listed = [repository.artifacts[each] for each, run in repository.listed.items() if run == int(match["id"])]
    return _paged(world, question, listed, "artifacts")


@_route(r"/actions/artifacts/(?P<id>\d+)/zip")
def _zip(world: World, repository: Repository, question: Question, match: re.Match[str]) -> Reply:
    artifact = repository.artifacts.get(int(match["id"]))
    if question.token is None:
        return refuse(401, "Requires authentication")
    if not world.tokens[question.token]:
        needed = "actions=read"
        return refuse(403, "Resource not accessible by integration", x_accepted_github_permissions=needed)
    if artifact is None:
        return refuse(404, "Not Found")
    if artifact["expired"]:
        return refuse(410, "Artifact has expired")
    return Reply(status=302, stored=artifact["id"])


@_route(r"/commits/(?P<ref>.+)")
def _commit(_: World, repository: Repository, __: Question, match: re.Match[str]) -> Reply:
    ref = unquote(match["ref"])
    commit = repository.tags.get(ref.removeprefix("tags/")) if ref.startswith("tags/") else None
    if commit is None:
        return refuse(422, f"No commit found for SHA: {ref}")
    person = {"name": "a", "email": "a@example.org", "date": WHEN}
    inner = example("commit")["commit"] | {"committer": person, "author": person}
    return Reply(body=example("commit", sha=commit, commit=inner))


@_route(r"/attestations/(?P<digest>.+)")
def _attestations(world: World, repository: Repository, question: Question, match: re.Match[str]) -> Reply:
    found = repository.attestations.get(unquote(match["digest"]))
    if not found:
        return refuse(404, "Not Found")
    return _paged(world, question, [{"bundle": each, "repository_id": repository.id} for each in found], "attestations")


@_route(r"/releases")
def _releases(world: World, repository: Repository, question: Question, _: re.Match[str]) -> Reply:
    return _paged(world, question, repository.releases[::-1], "")


@_route(r"/releases/tags/(?P<tag>.+)")
def _release(_: World, repository: Repository, __: Question, match: re.Match[str]) -> Reply:
    tag = unquote(match["tag"])
    return _one(next((each for each in repository.releases if each["tag_name"] == tag and not each["draft"]), None))


@_route(r"/releases/assets/(?P<id>\d+)")
def _asset(_: World, repository: Repository, question: Question, match: re.Match[str]) -> Reply:
    assets = {asset["id"]: asset for release in repository.releases for asset in release["assets"]}
    asset = assets.get(int(match["id"]))
    if asset is not None and question.headers.get("accept") == "application/octet-stream":
        return Reply(status=302, stored=asset["id"])
    return _one(asset)


def _one(found: Json | None) -> Reply:
    return Reply(body=found) if found is not None else refuse(404, "Not Found")


def _paged(world: World, question: Question, found: Iterable[Json], key: str) -> Reply:
    items, query = list(found), question.query
    size = min(int(query.get("per_page", "30")), world.most_per_page)
    page = int(query.get("page", "1"))
    headers = {}
    if page * size < len(items):
        path = urlsplit(question.target).path
        following = urlencode({**query, "page": page + 1})
        headers["link"] = f'<{question.base}{path}?{following}>; rel="next"'
    part = items[(page - 1) * size : page * size]
    return Reply(body={"total_count": len(items), key: part} if key else part, headers=headers)
