"""A whole definition, in memory, for those who only pass it on."""

from __future__ import annotations

from pathlib import Path

from katpkg.model.archive import ArchiveSpec, BuildSpec, PublishSpec, RetentionSpec, SigningSpec
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Architecture, Line, PackageName
from katpkg.model.project import Project
from katpkg.model.source import DirectorySpec
from katpkg.model.target import Target
from katpkg.sources.lock import Lock
from tests.builders import make_target

ARCHIVE = ArchiveSpec(
    name=PackageName("kat"),
    origin=Line("Test"),
    label=Line("Test archive"),
    description=Line("For tests"),
    uri=Line("https://example.org/"),
    maintainer=Line("Somebody <somebody@example.org>"),
    architectures=(Architecture("amd64"), Architecture("arm64")),
)
NO_LOCK = Lock(artifacts=())


def make_project(directory: Path, *modules: ModuleSpec, targets: tuple[Target, ...] = (make_target(),)) -> Project:
    """A definition of ``modules`` that keeps everything below ``directory``."""
    return Project(
        directory=directory,
        archive=ARCHIVE,
        signing=SigningSpec(public_key=directory / "key.asc"),
        source=DirectorySpec(path=directory / "artifacts"),
        build=BuildSpec(directory=directory / "build", cache=directory / "cache"),
        publish=PublishSpec(store=directory / "public"),
        retention=RetentionSpec(),
        targets=targets,
        modules={target.codename: modules for target in targets},
    )


def artifacts(project: Project) -> Path:
    """Where the artifacts of a definition lie that takes them from a directory."""
    assert isinstance(project.source, DirectorySpec)
    return project.source.path
