"""What CI produced, and what is left of it once it is verified and unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, ModuleName


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where in a repository on GitHub an artifact comes from: what a chain from commit to package is told by."""

    repository: str
    commit: str
    ref: str
    """The tag or branch that it was built from: refs/tags/v1.0."""
    id: int
    """The number of the artifact, or of the release's asset."""
    workflow: str = ""
    """The workflow's path; empty for an asset."""
    event: str = ""
    """What started the run."""
    run: int = 0
    """The run's number in the API; 0 for an asset."""
    attempt: int = 0
    """Which attempt of the run it was that went well."""
    expires: str = ""
    """When the artifact is deleted; empty for an asset, which is not."""

    @property
    def is_asset(self) -> bool:
        """Whether it is the asset of a release."""
        return not self.run


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What became of the question whether a build attestation proves where an artifact comes from."""

    verdict: Literal["verified", "unproven"]
    subject: str
    """The file that it is about: the .deb in an artifact, or the artifact itself."""
    sha256: str
    signer: str = ""
    """The workflow that signed it: its URL with the ref."""
    run: str = ""
    """The URL of the run and attempt that it was signed in."""
    reason: str = ""
    """Why it is unproven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What a source offers for a module and a target, and how it is known to be that: one entry of katpkg.lock."""

    module: ModuleName
    codename: Codename
    architecture: Architecture
    name: str
    """Its file name."""
    version: str
    """The upstream version it carries, in upstream's spelling."""
    digest: Digest
    date: int
    """When it was made, in seconds since the epoch: SOURCE_DATE_EPOCH of what is built from it."""
    origin: str
    """Where it came from: a path below the source's directory, or a URL."""
    verified: str
    """How its digest is known: the words go into katpkg.lock."""
    provenance: Provenance | None = None
    """Where in a repository it comes from, when that is known."""
    attestation: Attestation | None = None
    """What a build attestation proves of it; None when none was asked for."""
    beside: tuple[Artifact, ...] = ()
    """Those whose files lie beside its own; they have none beside them."""

    @property
    def all(self) -> tuple[Artifact, ...]:
        """It, and those beside it."""
        return (self, *self.beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The verified files of an artifact on disk, before they are a package. ``root`` holds nothing else."""

    artifact: Artifact
    root: Path
