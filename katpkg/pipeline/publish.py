"""What there is to publish when nobody names it: the packages of the last build."""

from __future__ import annotations

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
