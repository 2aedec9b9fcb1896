"""Resolve every artifact that a definition needs, bring it here, and write down which one it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from katpkg.errors import ConfigError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.project import Project
from katpkg.model.target import Target
from katpkg.report import Reporter
from katpkg.sources.base import ArtifactSource
from katpkg.sources.cache import Cache
from katpkg.sources.local import DirectorySource
from katpkg.sources.lock import Lock, read_lock, write_lock


def source_of(project: Project) -> ArtifactSource:
    """The source that the definition names."""
    return DirectorySource(project.source.path)


def resolve(project: Project, modules: Sequence[str], reporter: Reporter) -> Lock:
    """What the source offers now for ``modules`` (none: all), and what katpkg.lock says of the rest, if it does.

    Raises SourceError and ConfigError; writes nothing.
    """
    source = source_of(project)
    known = (read_lock(project.lock_file) if modules else None) or Lock(artifacts=())
    artifacts = []
    for module, rule, target in _wanted(project):
        artifact = known.get(module.name, target.codename, target.architecture)
        if artifact is None or module.name in modules:
            artifact = source.resolve(module, rule, target)
            reporter.detail(f"{module.name} for {target}: {artifact.name}, version {artifact.version}")
        artifacts.append(artifact)
    return Lock(artifacts=tuple(artifacts))


def fetch(project: Project, modules: Sequence[str], reporter: Reporter) -> Lock:
    """Resolve, bring every artifact into the cache, verified, and only then write katpkg.lock."""
    check_modules(project, modules)
    reporter.step("fetching artifacts")
    lock = resolve(project, modules, reporter)
    source, cache = source_of(project), Cache(project.build.cache)
    for artifact in _each_content_once(lock.artifacts):
        cache.get(artifact, source, reporter)
    changed = write_lock(project.lock_file, lock)
    reporter.note(f"{project.lock_file.name} {'written' if changed else 'is up to date'}")
    return lock


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
    for artifact in artifacts:
        if artifact.digest not in seen:
            seen.add(artifact.digest)
            yield artifact
