"""What every source of artifacts can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.target import Target
from katpkg.report import Reporter


class ArtifactSource(Protocol):
    """A place that CI leaves its artifacts in."""

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """The artifact that ``rule`` means for ``target``. Raises SourceError when there is none, or several."""

    def fetch(self, artifact: Artifact, to: Path, reporter: Reporter) -> None:
        """Write the artifact's bytes to ``to``; the caller verifies them. Raises SourceError."""
