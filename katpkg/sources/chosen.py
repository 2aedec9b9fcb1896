"""All the sources of a definition as one: each module's artifacts come from where it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Codename, ModuleName
from katpkg.model.project import Project
from katpkg.model.source import SourceSpec
from katpkg.model.target import Target
from katpkg.sources.base import ArtifactSource
from katpkg.sources.partial import Arrival


class Sources:
    """The sources of ``project``; ``open_source`` opens one, which is done when it is first needed."""

    def __init__(self, project: Project, open_source: Callable[[SourceSpec], ArtifactSource]) -> None:
        self._project = project
        self._open = cache(open_source)
        self._own: dict[tuple[Codename, ModuleName], SourceSpec] = {
            (codename, module.name): module.source
            for codename, modules in project.modules.items()
            for module in modules
            if module.source is not None
        }

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """What the module's source offers; what the definition pins must be that. Raises SourceError."""
        artifact = self._open(module.source or self._project.source).resolve(module, rule, target)
        if rule.sha256 is not None and artifact.digest.sha256 != rule.sha256:
            raise SourceError(
                f"{artifact.name} is not the artifact that is pinned",
                where=artifact.origin,
                hint=f"if what is there now is right: set artifact.sha256 in modules/{module.name}.toml to it",
                details=f"pinned: sha256 {rule.sha256}\nfound:  {artifact.digest}",
            )
        return artifact

    def fetch(self, artifact: Artifact, to: Arrival) -> None:
        """Have it brought by the source of its module. Raises SourceError."""
        spec = self._own.get((artifact.codename, artifact.module), self._project.source)
        self._open(spec).fetch(artifact, to)
