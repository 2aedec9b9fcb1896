"""Whether a run may be built from. An artifact's name proves nothing: forks and other workflows use the same ones."""

from __future__ import annotations

from collections.abc import Iterator

from katpkg.model.source import GitHubSpec
from katpkg.sources.github.offers import Run, Upload
from katpkg.sources.github.refs import Refs


class Untrusted(Exception):
    """Why a run, or what it says it left behind, may not be built from."""


class Trust:
    """Who is believed, as ``spec`` says it, in the repository whose number is ``repository``."""

    def __init__(self, spec: GitHubSpec, repository: int, refs: Refs) -> None:
        self._spec = spec
        self._repository = repository
        self._refs = refs

    def ref_of(self, run: Run) -> str:
        """The tag or branch of ``run``, as refs/tags/NAME. Raises Untrusted unless it may be built from."""
        for why_not in self._about(run):
            raise Untrusted(why_not)
        return self._ref(run)

    def check(self, upload: Upload, run: Run) -> None:
        """Raise Untrusted unless ``upload`` is what ``run`` left behind."""
        if (upload.run, upload.commit) != (run.id, run.commit):
            raise Untrusted(f"the artifact {upload.id} says it is of run {upload.run} at {upload.commit[:12]}")
        if upload.repository != self._repository:
            raise Untrusted(f"the artifact {upload.id} says it is of another repository")
        if upload.home != self._repository:
            raise Untrusted(f"the artifact {upload.id} says its commit is of a fork")

    def _about(self, run: Run) -> Iterator[str]:
        if run.repository != self._repository:
            yield "it is a run of another repository"
        if run.home != self._repository:
            yield f"its commit is of {run.home_name}, and forks are not built from"
        if run.status != "completed":
            yield f"it is not finished: {run.status}"
        if run.conclusion != "success":
            yield f"it ended in {run.conclusion or 'nothing'}"
        if run.event not in self._spec.events:
            yield f"{run.event} started it, which source.events does not name"
        if run.workflow != self._spec.workflow:
            yield f"it is of the workflow {run.workflow}"
        if not run.ref:
            yield "it is of no branch or tag"

    def _ref(self, run: Run) -> str:
        name, refs = run.ref, self._refs
        if not refs.may_be_tag(name) and not refs.may_be_branch(name):
            raise Untrusted(f"it is of {name}, which neither source.tags nor source.branches names")
        tag = refs.commit_of_tag(name)
        if tag is not None and tag.id == run.commit and refs.may_be_tag(name):
            return f"refs/tags/{name}"
        if tag is None and refs.may_be_branch(name):
            return f"refs/heads/{name}"
        if tag is None:
            raise Untrusted(f"there is no tag {name}, and a branch of that name is not enough")
        if refs.may_be_tag(name):
            raise Untrusted(f"the tag {name} is at {tag.id[:12]} now, and it was built from {run.commit[:12]}")
        raise Untrusted(f"there is a tag {name} beside the branch, and it does not say which it is of")
