"""Artifacts of a repository on GitHub: the run, then the artifact, then the bytes; each is checked before the next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property, partial

from katpkg.errors import ConfigError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.source import Choice, GitHubSpec
from katpkg.model.target import Target
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.download import download
from katpkg.sources.github import failures
from katpkg.sources.github.api import FILE, JSON, Api
from katpkg.sources.github.home import see
from katpkg.sources.github.offers import Upload
from katpkg.sources.github.picking import lock, pick
from katpkg.sources.github.refs import Refs
from katpkg.sources.github.refusals import Absent, Gone
from katpkg.sources.github.releases import Releases
from katpkg.sources.github.runs import Good, Runs
from katpkg.sources.github.trust import Trust, Untrusted
from katpkg.sources.partial import Arrival


class GitHubSource:
    """What ``choice`` means in the repository of ``spec``. Nothing is asked before it is needed."""

    def __init__(self, spec: GitHubSpec, choice: Choice, access: Access, reporter: Reporter) -> None:
        self._spec = spec
        self._choice = choice
        self._reporter = reporter
        self._api = Api(spec, access, reporter)
        self._refs = Refs(self._api, spec)
        self._releases = Releases(self._api, spec, self._refs)
        self._see = cache(partial(see, self._api, spec))

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """The artifact of the best run that has one, or the asset of a release."""
        self._see()
        if self._spec.take == "releases":
            return self._releases.newest(module, rule, target, self._choice)
        try:
            return self._of_runs(module, rule, target)
        except Absent as error:
            raise failures.absent(self._spec, self._choice, error) from error
        except failures.Expired as expired:
            asset = self._asset(expired.good.tag, module, rule, target)
            if asset is None:
                raise
            self._reporter.note(f"{module.name} for {target}: {expired.message}; the release's asset is taken")
            return asset

    def fetch(self, artifact: Artifact, to: Arrival) -> None:
        """Download the artifact, going on with what is there."""
        found = artifact.provenance
        if found is None or found.repository != self._spec.repository:
            raise ConfigError(
                f"katpkg.lock has {artifact.module} from elsewhere, and the definition says {self._spec.repository}",
                where="katpkg.lock",
                hint=f"katpkg fetch {artifact.module}",
            )

        if found.is_asset:
            url, accept = self._api.url("releases", "assets", found.id), FILE
        else:
            url, accept = self._api.url("actions", "artifacts", found.id, "zip"), JSON
        try:
            patience = self._api.patience()
            download(lambda headers: self._api.open(url, headers, accept), to, artifact.digest.size, patience)
        except Gone as error:
            raise failures.gone(artifact, found, error) from error
        except Absent as error:
            self._see()
            raise failures.deleted(artifact, found, error) from error

    @cached_property
    def _trust(self) -> Trust:
        return Trust(self._spec, self._see().id, self._refs)

    @cached_property
    def _runs(self) -> Runs:
        return Runs(self._api, self._spec, self._choice, self._trust, self._refs)

    def _of_runs(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        newest: Good | None = None
        for good in self._usable(rule):
            newest = newest or good
            if found := pick(self._runs.uploads(good.run), good, rule, target):
                self._check(found.upload, good)
                artifact = lock(found, good, self._spec, module, target)
                if good is not newest:
                    said = f"of run {good.run.number}, {good.ref}; run {newest.run.number} has not built it"
                    self._reporter.note(f"{module.name} for {target} is {said}")
                return artifact
        asset = self._asset(self._choice.tag, module, rule, target)
        if asset is not None:
            return asset
        raise failures.nothing(self._spec, self._choice, self._runs, (module, rule, target))

    def _usable(self, rule: ArtifactRule) -> Iterator[Good]:
        """The good runs; those of a release candidate only when it, or a version, is asked for."""
        is_asked = bool(self._choice or rule.version)
        yield from (good for good in self._runs.good() if is_asked or not good.is_prerelease)

    def _check(self, upload: Upload, good: Good) -> None:
        try:
            self._trust.check(upload, good.run)
        except Untrusted as reason:
            raise failures.swapped(upload, good, str(reason)) from reason
        if upload.expired:
            raise failures.Expired(upload, good)

    def _asset(self, tag: str, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact | None:
        """The asset that the module allows instead, of a tag that may be built from."""
        if not rule.asset or not tag or not self._refs.may_be_tag(tag):
            return None
        return self._releases.of_tag(tag, module, rule, target)
