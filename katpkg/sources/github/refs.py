"""Which commit a tag is at. A run tells only a name, and a branch may be called like a tag."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

from katpkg.model.source import GitHubSpec
from katpkg.sources.github.api import Api
from katpkg.sources.github.offers import Commit


class Refs:
    """The tags and branches of a repository, and which of them may be built from."""

    def __init__(self, api: Api, spec: GitHubSpec) -> None:
        self._api = api
        self._spec = spec

        self.commit_of_tag = cache(self._commit_of_tag)

    def may_be_tag(self, name: str) -> bool:
        """Whether a tag of that name may be built from."""
        return any(fnmatchcase(name, pattern) for pattern in self._spec.tags)

    def may_be_branch(self, name: str) -> bool:
        """Whether a branch of that name may be built from."""
        return any(fnmatchcase(name, pattern) for pattern in self._spec.branches)

    def _commit_of_tag(self, tag: str) -> Commit | None:
        """The commit that ``tag`` leads to; None when there is no such tag. Raises SourceError."""
        found = self._api.find(self._api.url("commits", f"tags/{tag}"))
        return Commit.parse(found) if found is not None else None
