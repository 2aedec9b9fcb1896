"""Verified artifacts, kept under their digest: what is here need not be brought again."""

from __future__ import annotations

from pathlib import Path

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.report import Reporter
from katpkg.sources.base import ArtifactSource
from katpkg.sources.workplace import workplace


class Cache:
    """A directory of artifacts. Several processes may use it at once: a file appears whole, verified, or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root / "sha256"

    def get(self, artifact: Artifact, source: ArtifactSource, reporter: Reporter) -> Path:
        """The verified file of ``artifact``, brought from ``source`` when it is not here (or was damaged).

        Raises SourceError when the source holds other bytes than the lock names; those are not kept.
        """
        path = self._root / artifact.digest.sha256
        if path.is_file() and Digest.of(path) == artifact.digest:
            return path
        try:
            with workplace(self._root, "quarantine") as quarantine:
                arrived = quarantine / "artifact"
                source.fetch(artifact, arrived, reporter)
                _verify(artifact, arrived)
                arrived.replace(path)
        except OSError as error:
            raise SourceError(
                f"{artifact.name} cannot be kept: {error.strerror}",
                where=str(self._root),
                hint="make room there, or set build.cache in katpkg.toml to a directory that has some",
            ) from error
        return path


def _verify(artifact: Artifact, file: Path) -> None:
    found = Digest.of(file)
    if found == artifact.digest:
        return
    raise SourceError(
        f"{artifact.name} is not the artifact that is locked",
        where=artifact.origin,
        hint=f"if what is there now is right: katpkg fetch {artifact.module}",
        details=f"locked: {artifact.digest}\nfound:  {found}",
    )
