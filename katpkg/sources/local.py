"""A directory that artifacts lie in."""

from __future__ import annotations

from pathlib import Path

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.target import Target
from katpkg.model.upstream import translate
from katpkg.model.version import Version
from katpkg.sources.dates import date_of
from katpkg.sources.names import fill, name_pattern, nearest
from katpkg.sources.partial import Arrival

CHUNK = 1 << 20


class DirectorySource:
    """Artifacts as files below ``root``, recognised by their names."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """The newest artifact whose name ``rule`` describes, or the one of the version it asks for."""
        where = f"modules/{module.name}.toml: artifact.name"
        pattern = name_pattern(rule.name, target)
        found = {
            path: (match.groupdict().get("version") or rule.version)
            for path in self._files()
            if (match := pattern.fullmatch(path.name))
        }
        if rule.version:
            found = {path: version for path, version in found.items() if version == rule.version}
        if not found:
            raise self._nothing(module, rule, target, where)
        path, version = _newest(found, where)
        return Artifact(
            module=module.name,
            codename=target.codename,
            architecture=target.architecture,
            name=path.name,
            version=version,
            digest=Digest.of(path),
            date=date_of(path),
            origin=str(path.relative_to(self._root)),
            verified="sha256 of a file in the artifact directory",
        )

    def fetch(self, artifact: Artifact, to: Arrival) -> None:
        """Copy the artifact's file to ``to``. Raises SourceError when it is gone."""
        path = self._root / artifact.origin
        to.restart()
        try:
            with path.open("rb") as source:
                while chunk := source.read(CHUNK):
                    to.add(chunk)
        except FileNotFoundError as error:
            raise SourceError(
                f"{artifact.name} is locked, but it is not there any more",
                where=str(path),
                hint=f"put it back, or take what is there now: katpkg fetch {artifact.module}",
            ) from error

    def _files(self) -> list[Path]:
        if not self._root.is_dir():
            raise SourceError(
                "there is no artifact directory", where=str(self._root), hint="set source.path in katpkg.toml"
            )
        root = self._root.resolve()
        found = sorted(path for path in self._root.rglob("*") if path.is_file())
        return [path for path in found if path.resolve().is_relative_to(root)]

    def _nothing(self, module: ModuleSpec, rule: ArtifactRule, target: Target, where: str) -> SourceError:
        near = nearest(fill(rule.name, target), (path.name for path in self._files()))
        version = f" of version {rule.version}" if rule.version else ""
        return SourceError(
            f"there is no artifact of {module.name}{version} for {target}: nothing is named {fill(rule.name, target)}",
            where=where,
            hint=f"{near} looks like it" if near else f"look into {self._root}, or set source.path in katpkg.toml",
        )


def _newest(found: dict[Path, str], where: str) -> tuple[Path, str]:
    ordered = sorted(found.items(), key=lambda each: _translated(each[0], each[1], where))
    path, version = ordered[-1]
    rivals = [each for each, its in ordered if _translated(each, its, where) == _translated(path, version, where)]
    if len(rivals) > 1:
        raise SourceError(
            f"{len(rivals)} artifacts are of version {version}: {', '.join(each.name for each in rivals)}",
            where=where,
            hint="say more in artifact.name, or move all but one away",
        )
    return path, version


def _translated(path: Path, version: str, where: str) -> Version:
    try:
        return translate(version).version
    except ValueError as error:
        raise SourceError(
            f"the name {path.name} tells no version: {error}",
            where=where,
            hint="put {version} into artifact.name where the version stands, or set artifact.version",
        ) from error
