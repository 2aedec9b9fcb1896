"""A .deb that somebody else made, as files for a package of ours: without its units, accounts and interpreter."""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.names import Line
from katpkg.model.package import VirtualEnvironment
from katpkg.model.payload import DebPayload
from katpkg.packages.adopt import adopt_environment
from katpkg.packages.hints import AGAIN
from katpkg.packages.needless import leave_out
from katpkg.packages.places import Places
from katpkg.packages.venv import depends_of
from katpkg.packages.whole import needed
from katpkg.sources.unpack import unpack_tar

OURS = (
    "/lib/systemd/*",
    "/usr/lib/systemd/*",
    "/usr/lib/sysusers.d/*",
    "/usr/lib/tmpfiles.d/*",
    "/usr/share/doc/*",
    "/usr/share/lintian/*",
    "/etc/init.d/*",
    "/etc/systemd/*",
)
"""What we render ourselves."""

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Directories that are links into /usr on every target; a package must not ship anything below them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repacked:
    """What was in it."""

    depends: tuple[Line, ...]
    virtual_environment: VirtualEnvironment | None


def unpack_deb(deb: Path, kind: DebPayload, places: Places, root: Path) -> Repacked:
    """Unpack the files of ``deb`` into the empty directory ``root``, without what we make ourselves and what ``kind``
    leaves out.

    Raises BuildError when its virtual environment is for another Python, or not what ``kind`` says of it, and
    SourceError when it is not safe to unpack.
    """
    with tempfile.TemporaryDirectory(prefix=".deb-", dir=root.parent) as directory:
        tree = Path(directory) / "tree"
        archive = Path(directory) / "data.tar"
        _read_out(deb, archive)
        with archive.open("rb") as stream:
            unpack_tar(stream, tree, where=deb.name)
        merge_usr(tree)
        _drop(tree, (*OURS, *kind.drop))
        root.rmdir()
        tree.rename(root)
    environment = adopt_environment(root, places.target, deb.name)
    if environment is None:
        return Repacked(depends=(), virtual_environment=None)
    if kind.only_for:
        leave_out(environment, needed(environment, places.target, kind.only_for))
    return Repacked(depends=depends_of(environment, places.target), virtual_environment=environment.on_the_server)


def _read_out(deb: Path, archive: Path) -> None:
    try:
        process.run(["dpkg-deb", "--fsys-tarfile", deb], into=archive)
    except process.ToolFailed as error:
        raise BuildError(
            f"{deb.name} is no whole package", where=deb.name, hint=AGAIN, details=error.details
        ) from error


def merge_usr(tree: Path) -> None:
    """Move what lies below directories that are links into /usr on every target."""
    for name in MERGED:
        old, new = tree / name, tree / "usr" / name
        if old.is_dir() and not old.is_symlink():
            shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(old)


def _drop(tree: Path, patterns: tuple[str, ...]) -> None:
    for path in _deepest_first(tree):
        name = f"/{path.relative_to(tree)}"
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            path.unlink()


def _deepest_first(tree: Path) -> Iterator[Path]:
    yield from sorted(tree.rglob("*"), key=lambda path: len(path.parts), reverse=True)
