"""What a repository has lately left behind: enough to write a first definition, and nothing that is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from katpkg.errors import SourceError
from katpkg.model.source import GitHubSpec
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.github.api import Api
from katpkg.sources.github.home import see
from katpkg.sources.github.offers import Published, Run, Upload
from katpkg.sources.github.refs import Refs
from katpkg.sources.github.refusals import Absent

RUNS = 100
"""Good runs that are looked at, the newest."""
RELEASES = 20
LASTING = ("push", "release", "workflow_dispatch", "schedule")
"""What starts runs of the repository's own; a pull request is anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What a run, or a release, left behind."""

    workflow: str
    """The workflow's path; empty for a release."""
    event: str
    ref: str
    """The tag or branch."""
    is_tag: bool
    names: tuple[str, ...]


class Survey:
    """Of the repository of ``spec``."""

    def __init__(self, spec: GitHubSpec, access: Access, reporter: Reporter) -> None:
        self._spec = spec
        self._api = Api(spec, access, reporter)
        self._refs = Refs(self._api, spec)

    def runs(self) -> list[Yield]:
        """The newest good run of each workflow that left something behind; of a tag first. Raises SourceError."""
        home = see(self._api, self._spec)
        found: dict[str, Yield] = {}
        for run in self._good(home.id):
            known = found.get(run.workflow)
            if known is None or not known.is_tag:
                names = tuple(self._names(run))
                is_tag = bool(run.ref) and self._refs.commit_of_tag(run.ref) is not None
                if names and (known is None or is_tag):
                    found[run.workflow] = Yield(
                        workflow=run.workflow, event=run.event, ref=run.ref, is_tag=is_tag, names=names
                    )
        return list(found.values())

    def releases(self) -> list[Yield]:
        """The newest releases that have files, drafts left out. Raises SourceError."""
        see(self._api, self._spec)
        listed = map(Published.parse, self._api.list(self._api.url("releases")))
        return [
            Yield(workflow="", event="release", ref=each.tag, is_tag=True, names=tuple(a.name for a in each.assets))
            for each in islice(listed, RELEASES)
            if each.assets and not each.is_draft
        ]

    def _good(self, home: int) -> Iterator[Run]:
        query = {"status": "success", "exclude_pull_requests": "true"}
        try:
            listed = self._api.list(self._api.url("actions", "runs"), "workflow_runs", **query)
            runs = [Run.parse(each) for each in islice(listed, RUNS)]
        except Absent as error:
            raise SourceError(
                "GitHub tells nothing of the runs", where=error.where, hint="look at the token"
            ) from error
        yield from (run for run in runs if run.home == home and run.event in LASTING)

    def _names(self, run: Run) -> Iterator[str]:
        listed = self._api.list(self._api.url("actions", "runs", run.id, "artifacts"), "artifacts")
        yield from (each.name for each in map(Upload.parse, listed) if not each.expired)
