"""The REST API of GitHub, as far as artifacts are concerned: asked patiently, paged to the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from katpkg.errors import SourceError
from katpkg.model.source import GitHubSpec
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.github.refusals import Absent, judge
from katpkg.sources.http import Answer, Http, follow
from katpkg.sources.patience import Patience

JSON = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
FILE = {"Accept": "application/octet-stream", "X-GitHub-Api-Version": "2022-11-28"}
PER_PAGE = 100
PAGES = 50
"""More than GitHub ever gives; whoever sends us on after that sends us in circles."""

NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')

Taken = TypeVar("Taken")


class Api:
    """The API, about the repository of ``spec``. The token is for its host; storage that it sends us to gets none."""

    def __init__(self, spec: GitHubSpec, access: Access, reporter: Reporter) -> None:
        self._repository = f"{spec.api.rstrip('/')}/repos/{spec.repository}"
        self._access = access
        self._reporter = reporter
        self._http = Http(access, home=spec.api)
        self._storage = Http(access)

    @property
    def has_token(self) -> bool:
        """Whether we say who we are."""
        return self._access.token is not None

    def url(self, *path: str | int) -> str:
        """The URL of ``path`` in the repository; its parts may hold anything."""
        return "/".join((self._repository, *(quote(str(part), safe="") for part in path)))

    def get(self, url: str) -> Mapping[str, Any]:
        """The object at ``url``. Raises SourceError, Absent and Gone."""
        return self._ask(url, lambda answer: _object(answer.json(), answer))

    def find(self, url: str) -> Mapping[str, Any] | None:
        """The object at ``url``; None when there is none."""
        try:
            return self.get(url)
        except Absent:
            return None

    def list(self, url: str, key: str = "", **query: str) -> Iterator[Mapping[str, Any]]:
        """Every object of the list at ``url``, or of the one under ``key`` there. Raises SourceError and Absent."""
        page: str | None = f"{url}?{urlencode({**query, 'per_page': PER_PAGE})}"
        for _ in range(PAGES):
            if page is None:
                return
            found, page = self._ask(page, lambda answer: (_items(answer.json(), key, answer), _next(answer)))
            yield from found
        raise SourceError(f"the list does not end after {PAGES} pages", where=url, hint="look at source.api")

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str], accept: Mapping[str, str]) -> Iterator[Answer]:
        """The file at ``url``, wherever we are sent for it. Raises SourceError, Absent, Gone and BrokenOff."""
        with follow(self._http, self._storage, url, {**accept, **headers}) as answer:
            if answer.hops == 0 and answer.status not in (206, 416):
                self._judge(answer)
            yield answer

    def patience(self) -> Patience:
        """For one piece of work."""
        return Patience(self._access, self._reporter)

    def _ask(self, url: str, take: Callable[[Answer], Taken]) -> Taken:
        def once() -> Taken:
            self._access.go_on()
            with self._http.ask(url, JSON) as answer:
                self._judge(answer)
                return take(answer)

        return self.patience().insist(once)

    def _judge(self, answer: Answer) -> None:
        judge(answer, self._http, self._access.now(), has_token=self.has_token)


def _next(answer: Answer) -> str | None:
    found = NEXT.search(answer.headers.get("link", ""))
    return found[1] if found else None


def _object(found: object, answer: Answer) -> Mapping[str, Any]:
    if isinstance(found, dict):
        return found
    raise SourceError("the answer is not what GitHub's API answers", where=answer.where, hint="look at source.api")


def _items(found: object, key: str, answer: Answer) -> list[Mapping[str, Any]]:
    items = _object(found, answer).get(key) if key else found
    if isinstance(items, list):
        return [_object(item, answer) for item in items]
    raise SourceError("the answer is not what GitHub's API answers", where=answer.where, hint="look at source.api")
