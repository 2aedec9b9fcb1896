"""What there is to publish: the packages of the last build, or files that somebody names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.archive import ArchiveDefinition
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Codename
from katpkg.pipeline.built import BuildDirectory


def built_packages(archive: ArchiveDefinition, codename: Codename) -> tuple[BinaryPackage, ...]:
    """The packages that the last build made for a release, as they were recorded then; none is read.

    Whether a file has still the bytes that were built is seen by the store, when it copies them. Raises BuildError.
    """
    directory = BuildDirectory(archive.build.directory, codename, archive.format(codename))
    if not directory.exists():
        raise BuildError(f"nothing was built for {codename}", where=str(directory.path), hint="katpkg build")
    packages = []
    for built in directory.read():
        if not built.seems_whole(directory.path):
            path = directory.path / built.filename
            raise BuildError(
                f"{built.filename} is not the file that was built",
                where=str(path),
                hint=f"rm -f {path}; katpkg build",
            )
        packages.append(directory.package(built))
    return tuple(packages)


def files_in(paths: Sequence[Path], suffix: str = "deb") -> list[str]:
    """The packages that ``paths`` are or, being directories, hold at any depth; sorted. Raises BuildError.

    As texts, because fifty thousand Paths take 25 MB more.
    """
    found: list[str] = []
    for path in paths:
        here = _below(path, suffix) if path.is_dir() else [str(path)] * path.is_file()
        if not here:
            said = f"name .{suffix} files, or a directory of them"
            raise BuildError("there is no package", where=str(path), hint=said)
        found += here
    return found


def _below(directory: Path, suffix: str) -> list[str]:
    """The files that end in ``suffix``; rglob() takes three times as long."""
    walk = os.walk(directory)
    found = (f"{here}/{name}" for here, _, names in walk for name in names if name.endswith(f".{suffix}"))
    return sorted(found)
