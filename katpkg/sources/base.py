"""What every source of artifacts can do."""

from __future__ import annotations

from typing import Protocol

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.target import Target
from katpkg.sources.partial import Arrival


class BrokenOff(SourceError):
    """It did not work this time, and may the next: what has arrived is kept, and gone on from.

    ``wait`` is how many seconds we are told to wait before that; 0 when nobody said.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        details: str | None = None,
        wait: float = 0.0,
    ) -> None:
        super().__init__(message, where=where, hint=hint, details=details)
        self.wait = wait


class ArtifactSource(Protocol):
    """A place that CI leaves its artifacts in."""

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """The artifact that ``rule`` means for ``target``. Raises SourceError when there is none, or several."""

    def fetch(self, artifact: Artifact, to: Arrival) -> None:
        """Add the artifact's bytes to ``to``; the caller verifies them.

        What is there already is the beginning of what was fetched before; a source may go on from that or begin anew.
        Raises SourceError, and BrokenOff when the beginning is worth keeping.
        """
