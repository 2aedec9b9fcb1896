"""Leaving out distributions of a virtual environment that nobody asks for, such as those that developers need."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from katpkg.errors import BuildError
from katpkg.packages.record import Record, records, row_of
from katpkg.packages.tidy import Environment


def leave_out(environment: Environment, needed: Collection[str]) -> None:
    """Remove from ``environment`` all distributions but the ``needed`` ones, with the files that are theirs alone.

    Raises BuildError when one of them has overwritten a file of one that stays, or names a file that is elsewhere.
    """
    goes: list[Record] = []
    stays: dict[str, str] = {}
    for record in records(environment.site_packages):
        if _name(record) in needed:
            stays |= {os.path.normpath(name): digest for name, digest, _ in record.rows()}
        else:
            goes.append(record)
    for record in goes:
        for name, path in _files(record, environment):
            if name not in stays:
                path.unlink(missing_ok=True)
            elif stays[name] not in ("", row_of(name, path)[1]):
                raise BuildError(
                    f"{_name(record)} goes, and has overwritten {name} of one that stays",
                    where=str(environment.path),
                    hint="have it installed without the first, or leave payload.only_for out",
                )
        shutil.rmtree(record.path.parent)
    _remove_empty(environment.prefix)


def _name(record: Record) -> str:
    return canonicalize_name(record.path.parent.name.removesuffix(".dist-info").rpartition("-")[0])


def _files(record: Record, environment: Environment) -> Iterator[tuple[str, Path]]:
    """The files that ``record`` names. Raises BuildError for one that is not in ``environment``."""
    inside = environment.prefix.resolve()
    for row in list(record.rows()):
        path = Path(os.path.normpath(record.located(row[0])))
        if not path.parent.resolve().is_relative_to(inside):
            where = str(environment.path)
            raise BuildError(f"{_name(record)} names a file elsewhere: {row[0]}", where=where)
        yield os.path.normpath(row[0]), path


def _remove_empty(prefix: Path) -> None:
    for directory, _, _ in os.walk(prefix, topdown=False):
        if not any(Path(directory).iterdir()):
            Path(directory).rmdir()
