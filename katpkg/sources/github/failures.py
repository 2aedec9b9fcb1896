"""What goes wrong with a repository's artifacts, in the words of who has to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact, Provenance
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.source import Choice, GitHubSpec
from katpkg.model.target import Target
from katpkg.sources.github.offers import Upload
from katpkg.sources.github.refusals import Absent, Gone
from katpkg.sources.github.runs import Good, Runs
from katpkg.sources.names import fill, nearest

RERUN = "run the workflow again for that commit, or set artifact.asset to the release's asset that holds the same"


class Expired(SourceError):
    """The artifact was there, and GitHub has deleted it."""

    def __init__(self, upload: Upload, good: Good) -> None:
        super().__init__(f"{upload.name} has expired on {upload.expires[:10]}", where=good.run.page, hint=RERUN)
        self.good = good


def gone(artifact: Artifact, found: Provenance, error: Gone) -> SourceError:
    """It was locked, and has expired since."""
    when = f" on {found.expires[:10]}" if found.expires else ""
    return SourceError(
        f"{artifact.name} is locked, and has expired{when}: run {found.run} of {found.repository}",
        where=artifact.origin,
        hint=f"katpkg fetch {artifact.module} takes what is there now; or {RERUN}",
        details=error.details,
    )


def deleted(artifact: Artifact, found: Provenance, error: Absent) -> SourceError:
    """It was locked, and somebody deleted it; or, and GitHub does not say which, the token may not see it."""
    what = "asset" if found.is_asset else "artifact"
    return SourceError(
        f"{artifact.name} is locked, and {found.repository} has no {what} {found.id} any more",
        where=artifact.origin,
        hint=f"katpkg fetch {artifact.module} takes what is there now",
        details=error.details,
    )


def absent(spec: GitHubSpec, choice: Choice, error: Absent) -> SourceError:
    """The repository is there, and what was asked for in it is not."""
    if choice.run:
        said, hint = f"{spec.repository} has no run {choice.run}", "the number is the last part of the run's address"
    else:
        said, hint = f"{spec.repository} has no workflow {spec.workflow}", "look at source.workflow"
    return SourceError(said, where=error.where, hint=hint, details=error.details)


def several(found: Sequence[Upload], rule: ArtifactRule) -> SourceError:
    """One run has several that fit."""
    names = ", ".join(sorted(upload.name for upload in found))
    return SourceError(
        f"{len(found)} artifacts of run {found[0].run} fit {rule.name}: {names}",
        where="artifact.name",
        hint="say more in artifact.name, or set artifact.version",
    )


def swapped(upload: Upload, good: Good, reason: str) -> SourceError:
    """What the run lists is not its own."""
    return SourceError(
        f"{upload.name} is not what run {good.run.id} left behind: {reason}",
        where=good.run.page,
        hint="do not use it; somebody may be trying to pass something off as that run's",
    )


def unknown_digest(upload: Upload, where: str) -> SourceError:
    """GitHub cannot say what the bytes must be, or says it in a way that we do not know."""
    if upload.told:
        return SourceError(
            f"GitHub tells a digest of {upload.name} that we do not know: {upload.told}",
            where=where,
            hint="see whether a newer katpkg knows it",
        )
    return SourceError(
        f"GitHub tells no digest of {upload.name}",
        where=where,
        hint="upload it with actions/upload-artifact v4 or newer, and run the workflow again",
    )


def no_version(upload: Upload, where: str) -> SourceError:
    """Neither its name nor a tag tells a version."""
    return SourceError(
        f"the name {upload.name} tells no version",
        where=where,
        hint="put {version} into artifact.name where the version stands, or set artifact.version",
    )


def look_alike(upload: Upload, version: str, where: str) -> SourceError:
    """A Debian package whose version is spelled as Python spells it."""
    return SourceError(
        f"{upload.name} is of version {version}, which dpkg takes for newer than the release it precedes",
        where=where,
        hint="take the workflow that writes a tilde before rc: look at source.workflow and artifact.name",
    )


def nothing(
    spec: GitHubSpec, choice: Choice, runs: Runs, wanted: tuple[ModuleSpec, ArtifactRule, Target]
) -> SourceError:
    """No run has it that may be built from."""
    module, rule, target = wanted
    asked = f" of {choice}" if choice else ""
    good = list(runs.good())
    if good and not choice and not rule.version and all(each.is_prerelease for each in good):
        return SourceError(
            f"there is no release that {module.name} could be built from, only {good[0].tag}, which comes before one",
            where=good[0].run.page,
            hint=f"katpkg fetch --tag {good[0].tag}",
        )
    if good:
        name = fill(rule.name, target)
        near = nearest(name, (upload.name for each in good for upload in runs.uploads(each.run)))
        return SourceError(
            f"there is no artifact of {module.name} for {target}: no run{asked} has one named {name}",
            where=f"modules/{module.name}.toml: artifact.name",
            hint=f"{near} looks like it" if near else f"look at {good[0].run.page}",
            details=f"looked into: {', '.join(f'run {each.run.number}, {each.ref}' for each in good[:8])}",
        )
    reasons = [f"run {number}: {why}" for number, why in runs.refused.items()]
    if len(reasons) == 1:
        return SourceError(
            f"{reasons[0].partition(':')[0]} may not be built from:{reasons[0].partition(':')[2]}",
            where=f"{spec.repository}, {spec.workflow}",
            hint="choose another, or look at source in katpkg.toml if it is to be allowed",
        )
    said = f"none of {len(reasons)} runs{asked} may be built from" if reasons else f"there is no run{asked}"
    return SourceError(
        f"{said}: {spec.repository}, {spec.workflow}",
        where="source in katpkg.toml",
        hint="look at source.tags, source.branches and source.events, and at what GitHub lists under Actions",
        details="\n".join(reasons[:20]),
    )
