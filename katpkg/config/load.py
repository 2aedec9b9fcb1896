"""Finding and reading a definition: the only place here that touches files."""

from __future__ import annotations

import tomllib
from pathlib import Path

from katpkg.config.archive import MAIN, read_main
from katpkg.config.layers import Tree
from katpkg.config.project import Loaded, make_project
from katpkg.errors import ConfigError
from katpkg.model.project import ArchiveDefinition


def find_definition(start: Path) -> Path:
    """The directory of the nearest katpkg.toml from ``start`` upwards, else ``start``/repo. Raises ConfigError."""
    for directory in (start, *start.parents, start / "repo"):
        if (directory / MAIN).is_file():
            return directory
    raise ConfigError(
        f"there is no {MAIN}",
        where=f"{start}, what is above it, and its repo/",
        hint="katpkg -C DIR says where it lies",
    )


def load_project(directory: Path) -> Loaded:
    """The definition in ``directory``. Raises ConfigError with everything that is wrong with it."""
    directory = directory.resolve()
    main = _read_main(directory)
    modules = {
        path.stem: _read(path, f"modules/{path.name}") for path in sorted((directory / "modules").glob("*.toml"))
    }
    return make_project(directory, main, modules)


def load_archive(directory: Path) -> ArchiveDefinition:
    """What katpkg.toml in ``directory`` says; no module is read. Raises ConfigError with everything that is wrong."""
    directory = directory.resolve()
    return read_main(_read_main(directory)).definition(directory)


def _read_main(directory: Path) -> Tree:
    if not (directory / MAIN).is_file():
        raise ConfigError(f"there is no {MAIN}", where=str(directory), hint="katpkg -C DIR says where it lies")
    return _read(directory / MAIN, MAIN)


def _read(path: Path, name: str) -> Tree:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"it is not TOML: {error}", where=name) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", where=name) from error
