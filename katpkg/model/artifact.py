"""What CI produced, and what is left of it once it is verified and unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, ModuleName


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The verified files of an artifact on disk, before they are a package. ``root`` holds nothing else."""

    artifact: Artifact
    root: Path
