"""Resolve every artifact that a definition needs, bring it here, and write down which one it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from katpkg.errors import ConfigError, SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.project import Project
from katpkg.model.source import Choice, DirectorySpec, GitHubSpec, SourceSpec, WebSpec
from katpkg.model.target import Target
from katpkg.pipeline.attest import Inquiry, attest
from katpkg.pipeline.fitting import check_fit
from katpkg.report import Meter, Reporter
from katpkg.sources.access import Access
from katpkg.sources.base import ArtifactSource
from katpkg.sources.beside import resolve_all
from katpkg.sources.cache import Cache
from katpkg.sources.chosen import Sources
from katpkg.sources.local import DirectorySource
from katpkg.sources.lock import Lock, need_lock, read_lock, write_lock

PARALLEL = 12
"""Downloads at once: GitHub asks those who make many requests at a time to slow down."""

ANY = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where the artifacts of a definition come from, and what getting them takes."""

    project: Project
    source: ArtifactSource
    access: Access
    reporter: Reporter

    @property
    def cache(self) -> Cache:
        """Where they are kept."""
        return Cache(self.project.build.cache)

    @property
    def inquiry(self) -> Inquiry:
        """What asking for attestations takes."""
        return Inquiry(
            project=self.project, source=self.source, cache=self.cache, access=self.access, reporter=self.reporter
        )


def intake_of(project: Project, access: Access, reporter: Reporter, choice: Choice = ANY) -> Intake:
    """The intake of ``project``; ``choice`` is about the archive's own source, and not about those of single modules.

    Raises ConfigError.
    """

    def open_source(spec: SourceSpec) -> ArtifactSource:
        match spec:
            case DirectorySpec(path=path):
                return DirectorySource(path)
            case GitHubSpec():
                from katpkg.sources.github.source import GitHubSource  # what speaks HTTP takes long to import

                return GitHubSource(spec, choice if spec == project.source else ANY, access, reporter)
            case WebSpec():
                from katpkg.sources.web import WebSource

                return WebSource(spec, access, reporter)

    if choice and not isinstance(project.source, GitHubSpec):
        raise ConfigError(
            f"{choice} can only be asked for where artifacts come from GitHub",
            where="katpkg.toml: source.kind",
            hint='[source]\nkind = "github"',
        )
    return Intake(project=project, source=Sources(project, open_source), access=access, reporter=reporter)


def resolve(intake: Intake, modules: Sequence[str]) -> Lock:
    """What there is now for ``modules`` (none: all), and what katpkg.lock says of the rest, if it does.

    Raises SourceError and ConfigError; writes nothing.
    """
    known = (read_lock(intake.project.lock_file) if modules else None) or Lock(artifacts=())
    artifacts = []
    for module, rule, target in _wanted(intake.project):
        artifact = known.get(module.name, target.codename, target.architecture)
        if artifact is None or module.name in modules:
            artifact = resolve_all(intake.source, module, rule, target)
            intake.reporter.detail(f"{module.name} for {target}: {artifact.name}, version {artifact.version}")
        artifacts.append(artifact)
    return Lock(artifacts=tuple(artifacts))


def fetch(intake: Intake, modules: Sequence[str]) -> Lock:
    """Resolve, bring every artifact into the cache, verified, and only then write katpkg.lock."""
    check_modules(intake.project, modules)
    intake.reporter.step("looking for artifacts")
    lock = resolve(intake, modules)
    bring(intake, lock)
    lock = attest(intake.inquiry, lock)
    file = intake.project.lock_file
    intake.reporter.note(f"{file.name} {'written' if write_lock(file, lock, modules) else 'is up to date'}")
    return lock


def fetch_locked(intake: Intake, modules: Sequence[str]) -> Lock:
    """Bring what katpkg.lock names (of ``modules``, or all); nothing is looked for. Raises ConfigError, SourceError."""
    check_modules(intake.project, modules)
    lock = need_lock(intake.project.lock_file)
    chosen = Lock(artifacts=tuple(each for each in lock.artifacts if not modules or each.module in modules))
    bring(intake, chosen)
    return chosen


def bring(intake: Intake, lock: Lock) -> None:
    """Have every artifact of ``lock`` in the cache, several at once; what was begun earlier is gone on with.

    When one fails the others stop, and what arrived of them stays. Raises SourceError.
    """
    missing = [artifact for artifact in _each_content_once(lock.artifacts) if not intake.cache.has(artifact)]
    if not missing:
        intake.reporter.note("every artifact is here already")
        return
    total = sum(artifact.digest.size for artifact in missing)
    intake.reporter.step(f"fetching {len(missing)} artifacts, {total / 1e6:.1f} MB")
    with intake.reporter.progress("fetching", total) as meter, ThreadPoolExecutor(PARALLEL) as threads:
        coming = [threads.submit(_take, intake, artifact, lock, meter) for artifact in missing]
        try:
            for each in as_completed(coming):
                each.result()
        except BaseException:
            intake.access.stopping.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _take(intake: Intake, artifact: Artifact, lock: Lock, meter: Meter) -> None:
    """Bring ``artifact`` and look whether it is fit for whatever is built from it; if not, it is not kept."""
    file = intake.cache.get(artifact, intake.source, meter)
    try:
        for module, _, target in _wanted(intake.project):
            locked = lock.get(module.name, target.codename, target.architecture)
            if locked is not None and locked.digest == artifact.digest:
                check_fit(module, target, locked, file)
    except SourceError:
        intake.cache.forget(artifact)
        raise


def check_modules(project: Project, modules: Sequence[str]) -> None:
    """Raise ConfigError when one of ``modules`` is not in the definition."""
    known = sorted({module.name for each in project.modules.values() for module in each})
    for name in modules:
        if name not in known:
            raise ConfigError(
                f"there is no module {name!r}",
                where=str(project.directory / "modules"),
                hint=f"one of {', '.join(known)}",
            )


def _wanted(project: Project) -> Iterator[tuple[ModuleSpec, ArtifactRule, Target]]:
    for target in project.targets:
        for module in project.modules[target.codename]:
            if module.artifact is not None and module.builds_for(target.codename):
                yield module, module.artifact, target


def _each_content_once(artifacts: Sequence[Artifact]) -> Iterator[Artifact]:
    seen = set()
    for artifact in (each for first in artifacts for each in first.all):
        if artifact.digest not in seen:
            seen.add(artifact.digest)
            yield artifact
