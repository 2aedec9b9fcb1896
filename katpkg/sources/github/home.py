"""The repository itself: whether it is to be seen, and under the name that it is called now."""

from __future__ import annotations

from katpkg.errors import SourceError
from katpkg.model.source import GitHubSpec
from katpkg.sources.github.api import Api
from katpkg.sources.github.offers import Home
from katpkg.sources.github.refusals import Absent


def see(api: Api, spec: GitHubSpec) -> Home:
    """The repository of ``spec``: only of one that is seen can it be said that something in it is missing.

    Raises SourceError when it is not there, or is called otherwise now.
    """
    try:
        home = Home.parse(api.get(api.url()))
    except Absent as error:
        raise _unseen(spec, error, has_token=api.has_token) from error
    if home.name.lower() != spec.repository.lower():
        raise SourceError(
            f"{spec.repository} is called {home.name} now",
            where="source.repository",
            hint=f"set it to {home.name!r} once you know that it is the same project",
        )
    return home


def _unseen(spec: GitHubSpec, error: Absent, *, has_token: bool) -> SourceError:
    if has_token:
        hint = f"look at source.repository; if it is private, the token needs access to {spec.repository}"
    else:
        hint = "look at source.repository; if it is private: export GITHUB_TOKEN=$(gh auth token)"
    return SourceError(
        f"there is no repository {spec.repository}, or we may not see it",
        where=error.where,
        hint=hint,
        details=error.details,
    )
