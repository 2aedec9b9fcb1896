"""A finished virtual environment from a tarball, moved to where it lies on the server, and the module joined to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.artifact import Payload
from katpkg.model.payload import VenvPayload
from katpkg.packages.adopt import find_environment
from katpkg.packages.copies import copy_out, inside, move_in, only_file
from katpkg.packages.places import Places
from katpkg.packages.tidy import Environment, check_no_trace, tidy
from katpkg.sources.unpack import links_of, unpack_tar

FIRST_LINE = re.compile(rb"""#!(?:/bin/sh\n'''exec' ["']?)?(/[^\n"']+)/bin/python""")
"""What a script of an environment begins with: where it was made."""

FOR_SHELLS = ("activate*", "Activate*", "deactivate*")
"""What people source who work in an environment; each holds the path where it was made."""


def relocate(payload: Payload, kind: VenvPayload, places: Places, root: Path) -> Environment:
    """Lay the payload's virtual environment below ``root`` where the package has it, with what ``kind`` joins to it.

    Raises BuildError when there is not one, it does not fit the target, or something in it cannot be moved; and
    SourceError when an archive in the artifact is not safe to unpack.
    """
    opened = replace(payload, root=_opened(payload, kind))
    _move(opened, root / places.venv.relative)
    environment = find_environment(root, places.target, payload.artifact.name)
    assert environment is not None  # noqa: S101  # it was found before it was moved
    made_at = _made_at(environment)
    for path in (path for pattern in FOR_SHELLS for path in sorted((environment.prefix / "bin").glob(pattern))):
        path.unlink()
    (environment.prefix / "lib64").unlink(missing_ok=True)
    for name in kind.join:
        _join(opened, name, environment)
    tidy(environment)
    for place in sorted(made_at):
        check_no_trace(environment, place)
    copy_out(opened, kind.copies, root)
    return environment


def _opened(payload: Payload, kind: VenvPayload) -> Path:
    """Where the files of ``payload`` lie once the archives in it are unpacked, each by the rules for any other."""
    if not kind.archives:
        return payload.root
    tree = payload.root.with_name(f"{payload.root.name}-opened")
    tree.mkdir()
    for number, pattern in enumerate(kind.archives):
        archive = only_file(payload, pattern, "archives")
        place = payload.root.with_name(f"{payload.root.name}-{number}")
        with archive.open("rb") as stream:
            unpack_tar(stream, place, where=archive.name, links=links_of(kind))
        move_in(place, tree, payload.artifact.name, "archives in it")
    return tree


def _move(opened: Payload, prefix: Path) -> None:
    found = sorted(path.parent for path in opened.root.rglob("pyvenv.cfg"))
    if len(found) != 1:
        raise BuildError(
            f"it holds {len(found)} virtual environments, and it must be one",
            where=opened.artifact.name,
            hint="that is a directory with pyvenv.cfg; if it lies in an archive inside, name that in payload.archives",
        )
    prefix.parent.mkdir(parents=True)
    if found[0] == opened.root:  # the artifact is the environment itself
        shutil.copytree(found[0], prefix, symlinks=True)
    else:
        found[0].rename(prefix)


def _made_at(environment: Environment) -> set[str]:
    return {place for place in _first_lines(environment.prefix / "bin") if place not in ("/usr", environment.path)}


def _first_lines(directory: Path) -> Iterator[str]:
    for path in sorted(directory.iterdir()):
        if path.is_file() and not path.is_symlink() and (found := FIRST_LINE.match(path.read_bytes())):
            yield found[1].decode()


def _join(opened: Payload, name: str, environment: Environment) -> None:
    source = inside(opened, name)
    place = environment.site_packages / source.name
    if place.exists() or place.is_symlink():
        raise BuildError(
            f"{source.name} is in the virtual environment already",
            where=opened.artifact.name,
            hint=f"leave {name!r} out of payload.join",
        )
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True)
    else:
        shutil.copy2(source, place, follow_symlinks=False)
