"""What CI uploads in several artifacts, and belongs into one package: found together, or not at all."""

from __future__ import annotations

from dataclasses import replace

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Line
from katpkg.model.target import Target
from katpkg.sources.base import ArtifactSource


def resolve_all(source: ArtifactSource, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
    """What ``rule`` means, and what lies beside it. Raises SourceError when one is missing or of another run."""
    first = source.resolve(module, rule, target)
    further = replace(rule, version=Line(first.version), asset=Line(""), beside=(), sha256=None)
    rest = tuple(source.resolve(module, replace(further, name=name), target) for name in rule.beside)
    for each in rest:
        _check(first, each)
    return replace(first, beside=rest)


def _check(first: Artifact, other: Artifact) -> None:
    runs = [each.provenance and each.provenance.run for each in (first, other)]
    if runs[0] != runs[1]:
        raise SourceError(
            f"{first.name} and {other.name} are not of one run",
            where=other.origin,
            hint=f"have one run make both, or name one that did: katpkg fetch {first.module} --run ID",
        )
