"""Which artifact of a run a rule means, and what is locked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from katpkg.model.artifact import Artifact, Provenance
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.payload import DebPayload
from katpkg.model.source import GitHubSpec
from katpkg.model.target import Target
from katpkg.model.upstream import sorts_after_its_release
from katpkg.sources.github import failures
from katpkg.sources.github.offers import Upload
from katpkg.sources.github.runs import Good, version_of
from katpkg.sources.names import name_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """An artifact, and the version that its name tells, or the tag, or the rule; empty when none does."""

    upload: Upload
    version: str


def pick(uploads: Sequence[Upload], good: Good, rule: ArtifactRule, target: Target) -> Picked | None:
    """That of ``uploads`` which ``rule`` means; None when there is none. Raises SourceError when there are several."""
    pattern = name_pattern(rule.name, target)
    otherwise = version_of(good.tag) or str(rule.version)
    found = [
        Picked(upload=upload, version=match.groupdict().get("version", otherwise))
        for upload in uploads
        if (match := pattern.fullmatch(upload.name))
    ]
    if rule.version:
        found = [each for each in found if rule.version in (each.version, each.version.removeprefix("v"))]
    if len(found) > 1:
        raise failures.several([each.upload for each in found], rule)
    return found[0] if found else None


def lock(picked: Picked, good: Good, spec: GitHubSpec, module: ModuleSpec, target: Target) -> Artifact:
    """What katpkg.lock says of it. Raises SourceError when that is too little, or a look-alike."""
    run, upload, version = good.run, picked.upload, picked.version
    where = f"{run.page}/artifacts/{upload.id}"
    if upload.digest is None:
        raise failures.unknown_digest(upload, where)
    if not version:
        raise failures.no_version(upload, where)
    if isinstance(module.payload, DebPayload) and sorts_after_its_release(version):
        raise failures.look_alike(upload, version, where)
    return Artifact(
        module=module.name,
        codename=target.codename,
        architecture=target.architecture,
        name=upload.name,
        version=version,
        digest=upload.digest,
        date=run.committed,
        origin=where,
        verified="sha256 that GitHub tells of the artifact",
        provenance=Provenance(
            repository=spec.repository,
            commit=run.commit,
            ref=good.ref,
            id=upload.id,
            workflow=run.workflow,
            event=run.event,
            run=run.id,
            attempt=run.attempt,
            expires=upload.expires,
        ),
    )
