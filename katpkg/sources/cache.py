"""Verified artifacts, kept under their digest: what is here need not be brought again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.report import Meter, NoMeter
from katpkg.sources.base import ArtifactSource, BrokenOff
from katpkg.sources.partial import Arrival, claimed

NOBODY = NoMeter()


class Cache:
    """A directory of artifacts. Several processes may use it at once: a file appears whole, verified, or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root / "sha256"
        self._partial = root / "partial"

    def has(self, artifact: Artifact) -> bool:
        """Whether it is here, by its size; whoever uses it verifies it again."""
        return artifact.digest.fits(self._path(artifact))

    def get(self, artifact: Artifact, source: ArtifactSource, meter: Meter = NOBODY) -> Path:
        """The verified file of ``artifact``, brought from ``source`` when it is not here (or was damaged).

        What arrived of it stays when it breaks off, or when we are stopped, and the next call goes on from there.
        Raises SourceError when the source holds other bytes than the lock names; those are not kept.
        """
        path = self._path(artifact)
        if artifact.digest.is_of(path):
            return path
        arriving = self._partial / artifact.digest.sha256
        try:
            with claimed(arriving) as file:
                if artifact.digest.is_of(path):  # whoever had it before us brought it
                    arriving.unlink()
                else:
                    with _worth_keeping(arriving):
                        self._root.mkdir(parents=True, exist_ok=True)
                        _bring(artifact, source, Arrival(file, meter))
                        arriving.replace(path)
        except OSError as error:
            raise SourceError(
                f"{artifact.name} cannot be kept: {error.strerror}",
                where=str(self._root),
                hint="make room there, or set build.cache in katpkg.toml to a directory that has some",
            ) from error
        return path

    def forget(self, artifact: Artifact) -> None:
        """Remove it: it is what was locked, and not what was meant."""
        self._path(artifact).unlink(missing_ok=True)

    def _path(self, artifact: Artifact) -> Path:
        return self._root / artifact.digest.sha256


@contextmanager
def _worth_keeping(arriving: Path) -> Iterator[None]:
    """Of what went wrong within it, only what broke off leaves something behind, if something arrived."""
    try:
        yield
    except BrokenOff:
        if arriving.stat().st_size == 0:
            arriving.unlink()
        raise
    except Exception:
        arriving.unlink(missing_ok=True)
        raise


def _bring(artifact: Artifact, source: ArtifactSource, arrival: Arrival) -> None:
    begun = arrival.size > 0
    source.fetch(artifact, arrival)
    if begun and arrival.digest != artifact.digest:  # what was there may have been damaged
        arrival.restart()
        source.fetch(artifact, arrival)
    if arrival.digest != artifact.digest:
        raise SourceError(
            f"{artifact.name} is not the artifact that is locked",
            where=artifact.origin,
            hint=f"if what is there now is right: katpkg fetch {artifact.module}",
            details=f"locked: {artifact.digest}\nfound:  {arrival.digest}",
        )
