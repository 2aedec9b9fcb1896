"""The runs of a workflow that may be built from, the best first, and what they left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from katpkg.model.source import Choice, GitHubSpec
from katpkg.model.upstream import translate
from katpkg.model.version import Version
from katpkg.sources.github.api import Api
from katpkg.sources.github.offers import Run, Upload
from katpkg.sources.github.refs import Refs
from katpkg.sources.github.trust import Trust, Untrusted

LOOKED_INTO = 50
"""Runs whose artifacts are looked at for a module that newer ones have not built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A run that may be built from."""

    run: Run
    ref: str

    @property
    def tag(self) -> str:
        """The tag that it is of; empty when it is of a branch."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else ""

    @property
    def is_prerelease(self) -> bool:
        """Whether its tag says so: v1.0rc2."""
        return "~" in (version_of(self.tag) or "")


class Runs:
    """The runs that ``choice`` means, each asked for once. Raises SourceError."""

    def __init__(self, api: Api, spec: GitHubSpec, choice: Choice, trust: Trust, refs: Refs) -> None:
        self._api = api
        self._spec = spec
        self._choice = choice
        self._trust = trust
        self._refs = refs

        self.refused: dict[int, str] = {}
        """Why each run was passed over that might have been meant."""
        self.candidates = cache(self._candidates)
        self.uploads = cache(self._uploads)
        self._judge = cache(self._judged)

    def good(self) -> Iterator[Good]:
        """Those that may be built from, the best first, and no more than are worth looking into."""
        seen = 0
        for run in self.candidates():
            if (found := self._judge(run)) is not None:
                yield found
                seen += 1
            if seen == LOOKED_INTO:
                return

    def _judged(self, run: Run) -> Good | None:
        try:
            return Good(run=run, ref=self._trust.ref_of(run))
        except Untrusted as reason:
            self.refused[run.id] = str(reason)
            return None

    def _candidates(self) -> tuple[Run, ...]:
        if self._choice.run:
            return (Run.parse(self._api.get(self._api.url("actions", "runs", self._choice.run))),)
        found = {run.id: run for run in map(Run.parse, self._listed())}.values()
        if self._choice:
            return tuple(sorted(found, key=_age, reverse=True))
        return self._newest(found)

    def _listed(self) -> Iterator[Mapping[str, object]]:
        choice, file = self._choice, self._spec.workflow.file if self._spec.workflow else ""
        query = {"exclude_pull_requests": "true"}
        if choice.commit:
            query["head_sha"] = choice.commit
        elif choice:
            query["branch"] = choice.tag or choice.branch
        else:
            query["status"] = "success"
        return self._api.list(self._api.url("actions", "workflows", file, "runs"), "workflow_runs", **query)

    def _newest(self, found: Iterable[Run]) -> tuple[Run, ...]:
        """Of tags the highest version first, for an older line may have been released last; else the newest."""
        if self._spec.tags:
            return tuple(sorted((run for run in found if self._refs.may_be_tag(run.ref)), key=_rank, reverse=True))
        return tuple(sorted(found, key=_age, reverse=True))

    def _uploads(self, run: Run) -> tuple[Upload, ...]:
        """What ``run`` left behind; of several attempts' artifacts of one name, the newest."""
        listed = self._api.list(self._api.url("actions", "runs", run.id, "artifacts"), "artifacts")
        found = sorted(map(Upload.parse, listed), key=lambda upload: upload.id)
        return tuple({upload.name: upload for upload in found}.values())


def version_of(tag: str) -> Version | None:
    """The version that ``tag`` names, in dpkg's spelling; None when it names none."""
    try:
        return translate(tag).version
    except ValueError:
        return None


def _age(run: Run) -> tuple[int, int]:
    return run.number, run.attempt


def _rank(run: Run) -> tuple[Version, int, int]:
    return version_of(run.ref) or Version("0~~"), *_age(run)
