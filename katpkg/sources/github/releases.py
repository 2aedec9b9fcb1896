"""Releases of a repository and their assets: what lasts longer than the artifacts of a run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact, Provenance
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Sha256
from katpkg.model.source import Choice, GitHubSpec
from katpkg.model.target import Target
from katpkg.model.version import Version
from katpkg.sources.github.api import Api
from katpkg.sources.github.offers import Asset, Published
from katpkg.sources.github.refs import Refs
from katpkg.sources.github.runs import version_of
from katpkg.sources.names import fill, name_pattern, nearest


class Releases:
    """The releases of the repository of ``spec`` whose tags may be built from."""

    def __init__(self, api: Api, spec: GitHubSpec, refs: Refs) -> None:
        self._api = api
        self._spec = spec
        self._refs = refs

        self._of_tag = cache(self._find)
        self._all = cache(self._list)

    def newest(self, module: ModuleSpec, rule: ArtifactRule, target: Target, choice: Choice) -> Artifact:
        """The asset of the newest release that has it, or of the one that is asked for. Raises SourceError."""
        releases = self._chosen(choice, rule)
        for release in releases:
            if asset := _pick(release, rule, target):
                return self._artifact(release, asset, module, rule, target)
        tags = ", ".join(release.tag for release in releases[:8])
        name = fill(rule.asset or rule.name, target)
        near = nearest(name, (asset.name for release in releases for asset in release.assets))
        raise SourceError(
            f"there is no asset of {module.name} for {target}: no release has one named {name}",
            where=f"modules/{module.name}.toml: artifact",
            hint=f"{near} looks like it" if near else f"look at the releases of {self._spec.repository}",
            details=f"looked at: {tags or 'nothing'}",
        )

    def of_tag(self, tag: str, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact | None:
        """The asset of the release of ``tag``; None when there is none. Raises SourceError."""
        release = self._of_tag(tag)
        asset = _pick(release, rule, target) if release else None
        return self._artifact(release, asset, module, rule, target) if release and asset else None

    def _chosen(self, choice: Choice, rule: ArtifactRule) -> tuple[Published, ...]:
        if choice.tag:
            release = self._of_tag(choice.tag)
            return (release,) if release and self._refs.may_be_tag(release.tag) else ()
        if choice:
            raise SourceError(
                f"artifacts come from releases of {self._spec.repository}, and they know no {choice}",
                where="source.take",
                hint="katpkg fetch --tag TAG",
            )
        wanted = version_of(rule.version) if rule.version else None
        if wanted is None:
            return tuple(each for each in self._all() if not each.is_prerelease)
        return tuple(each for each in self._all() if version_of(each.tag) == wanted)

    def _list(self) -> tuple[Published, ...]:
        found = map(Published.parse, self._api.list(self._api.url("releases")))
        usable = (each for each in found if not each.is_draft and self._refs.may_be_tag(each.tag))
        return tuple(sorted(usable, key=lambda each: version_of(each.tag) or Version("0~~"), reverse=True))

    def _find(self, tag: str) -> Published | None:
        found = self._api.find(self._api.url("releases", "tags", tag))
        release = Published.parse(found) if found is not None else None
        return release if release and release.tag == tag and not release.is_draft else None

    def _artifact(
        self, release: Published, asset: Asset, module: ModuleSpec, rule: ArtifactRule, target: Target
    ) -> Artifact:
        commit = self._refs.commit_of_tag(release.tag)
        if commit is None:
            raise SourceError(
                f"the release {release.tag} is of a tag that is gone", where=asset.page, hint="push the tag again"
            )
        digest, verified = _identity(asset, module, rule)
        return Artifact(
            module=module.name,
            codename=target.codename,
            architecture=target.architecture,
            name=asset.name,
            version=_version(release, asset),
            digest=digest,
            date=commit.moment,
            origin=asset.page,
            verified=verified,
            provenance=Provenance(
                repository=self._spec.repository, commit=commit.id, ref=f"refs/tags/{release.tag}", id=asset.id
            ),
        )


def _pick(release: Published, rule: ArtifactRule, target: Target) -> Asset | None:
    """The asset that ``rule`` describes, of the version that the tag names; GitHub writes a period for a tilde.

    Raises SourceError when it is not whole.
    """
    pattern = name_pattern(rule.asset or rule.name, target)
    spellings = set(_spellings(release.tag))
    for asset in release.assets:
        match = pattern.fullmatch(asset.name)
        if match and match.groupdict().get("version", release.tag) in spellings:
            return _whole(release, asset)
    return None


def _whole(release: Published, asset: Asset) -> Asset:
    if asset.is_whole:
        return asset
    raise SourceError(
        f"{asset.name} has not arrived at the release {release.tag} yet, or broke off",
        where=asset.page,
        hint="wait until it is there, or upload it again",
    )


def _spellings(tag: str) -> Iterator[str]:
    yield tag
    yield tag.removeprefix("v")
    if version := version_of(tag):
        yield version
        yield version.replace("~", ".")


def _version(release: Published, asset: Asset) -> str:
    version = version_of(release.tag)
    if version is None:
        raise SourceError(
            f"the tag {release.tag} names no version",
            where=asset.page,
            hint="set source.tags to patterns of tags that do",
        )
    return version


def _identity(asset: Asset, module: ModuleSpec, rule: ArtifactRule) -> tuple[Digest, str]:
    if asset.digest is not None:
        return asset.digest, "sha256 that GitHub tells of the asset"
    if rule.sha256 is not None:
        return Digest(size=asset.size, sha256=Sha256(rule.sha256)), "sha256 that the definition pins"
    raise SourceError(
        f"GitHub tells no digest of {asset.name}, and without one nobody knows whether it was changed",
        where=asset.page,
        hint=f'get its sha256 from whoever built it, and set it in modules/{module.name}.toml: artifact.sha256 = "…"',
    )
