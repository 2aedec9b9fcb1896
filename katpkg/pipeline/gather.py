"""Taking over packages that other machines built from the same lock, as they left them in their build directories."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.names import Codename
from katpkg.pipeline.built import BuildDirectory, Built
from katpkg.pipeline.make import unwritable
from katpkg.pipeline.yard import alone
from katpkg.report import Reporter


def gather(root: Path, directories: Mapping[Codename, BuildDirectory], reporter: Reporter) -> None:
    """Copy every package below ``root`` that a built.json there tells of into its release's directory.

    Whether it counts is decided when it is needed, as for those that were built here: by the digest of its inputs.
    Raises BuildError when a file is not the one that was built; then nothing of that release is taken.
    """
    if not root.is_dir():
        raise BuildError("there is no such directory", where=str(root), hint="katpkg build without --gather")
    for codename, directory in directories.items():
        found = list(_found(root, directory))
        if not found:
            continue
        with alone(directory, reporter):
            try:
                for built, place in found:
                    _copy(built, place, directory)
                directory.add(built for built, _ in found)
            except OSError as error:
                raise unwritable(directory.path, str(error.strerror)) from error
        reporter.note(f"packages for {codename} that were built elsewhere: {len(found)}")


def _found(root: Path, directory: BuildDirectory) -> Iterator[tuple[Built, Path]]:
    for record in sorted(root.rglob(f"{directory.path.name}/built.json")):
        other = directory.elsewhere(record.parent.parent)
        for built in other.read():
            if not built.is_whole(other.path):
                raise BuildError(
                    f"{built.filename} is not the package that was built",
                    where=str(other.path / built.filename),
                    hint="build it again: what is between the two machines lost or changed it",
                )
            yield built, other.path


def _copy(built: Built, place: Path, directory: BuildDirectory) -> None:
    target = directory.path / built.filename
    arriving = target.with_name(f".{target.name}")
    shutil.copyfile(place / built.filename, arriving)
    arriving.replace(target)
