"""One package to make: everything that decides what will be in it, before any of it is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path

from katpkg import __version__
from katpkg.model.artifact import Artifact
from katpkg.model.module import File, ModuleSpec
from katpkg.model.names import Architecture, PackageName, Sha256
from katpkg.model.payload import DebPayload, VenvPayload, WheelPayload
from katpkg.model.project import Project
from katpkg.model.target import Target
from katpkg.model.version import Version
from katpkg.packages.katctl import katctl_digest
from katpkg.packages.places import Places
from katpkg.packages.roles import census, roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A module, for a target, from an artifact."""

    project: Project
    module: ModuleSpec
    target: Target
    artifact: Artifact | None
    """None for a meta package, and for what sets up."""
    date: int
    """SOURCE_DATE_EPOCH: the artifact's, or the newest of a meta package's members'."""
    siblings: Mapping[PackageName, Version]
    """For a meta package: the packages it pulls in, at the versions that are built with it."""

    def __str__(self) -> str:
        return f"{self.module.package} for {self.target}"

    @property
    def places(self) -> Places:
        """Where the module's things lie."""
        return Places(prefix=self.project.archive.name, module=self.module, target=self.target)

    @property
    def setup(self) -> ModuleSpec | None:
        """The module that sets servers up, in a definition that has one for this release."""
        codename = self.target.codename
        modules = self.project.modules.get(codename, ())
        return next((module for module in modules if module.is_setup and module.builds_for(codename)), None)

    @property
    def product(self) -> dict[str, object]:
        """What a server of several must know of the whole."""
        codename = self.target.codename
        return {"roles": roles(self.project, codename), "census": census(self.project, codename)}

    @property
    def architecture(self) -> Architecture:
        """The package's: the target's, or all."""
        return self.target.architecture if is_per_architecture(self.module) else Architecture("all")

    def source_of(self, file: File) -> Path:
        """Where the definition keeps ``file``."""
        return self.project.file(file.source)

    def inputs(self, templates: Sha256) -> Sha256:
        """The digest of all that the package is built from: equal inputs make equal packages.

        What only decides whether a build is accepted is left out.
        """
        return digest_of_inputs(
            templates,
            archive=(self.project.archive.name, self.project.archive.maintainer),
            compression=self.project.build.compression,
            module=asdict(replace(self.module, accept_vanished=(), artifact=None, source=None)),
            release=asdict(self.target.release),
            architecture=self.architecture,
            artifact=_content(self.artifact, self.date) if self.artifact else (),
            files={file.source: _digest(self.source_of(file)) for file in self.module.files},
            siblings=dict(self.siblings),
            setup=self.setup.package if self.setup else "",
            katctl=katctl_digest() if self.module.is_setup else "",
            product=self.product if self.module.is_setup else {},
        )


def is_per_architecture(module: ModuleSpec) -> bool:
    """Whether ``module`` makes a package for each architecture rather than one for all."""
    if module.architecture:
        return module.architecture == "any"
    return isinstance(module.payload, WheelPayload | VenvPayload | DebPayload)


def digest_of_inputs(templates: Sha256, **inputs: object) -> Sha256:
    """One digest of ``inputs``, of the templates and of katpkg's own version."""
    named = {"katpkg": __version__, "templates": templates, **inputs}
    text = json.dumps(named, sort_keys=True, default=_plain)
    return Sha256(hashlib.sha256(text.encode()).hexdigest())


def _content(artifact: Artifact, date: int) -> tuple[object, ...]:
    return artifact.version, artifact.digest.sha256, date, *(each.digest.sha256 for each in artifact.beside)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Iterable):
        return sorted(value)
    return str(value)
