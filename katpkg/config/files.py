"""Finding and reading the files of a definition: the only place here that touches files."""

from __future__ import annotations

import tomllib
from pathlib import Path

from katpkg.config.layers import Tree
from katpkg.errors import ConfigError

MAIN = "katpkg.toml"


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


def read_main(directory: Path) -> Tree:
    """katpkg.toml in ``directory``. Raises ConfigError."""
    if not (directory / MAIN).is_file():
        raise ConfigError(f"there is no {MAIN}", where=str(directory), hint="katpkg -C DIR says where it lies")
    return _read(directory / MAIN, MAIN)


def read_modules(directory: Path) -> dict[str, Tree]:
    """Every modules/NAME.toml in ``directory``, by NAME. Raises ConfigError."""
    paths = sorted((directory / "modules").glob("*.toml"))
    return {path.stem: _read(path, f"modules/{path.name}") for path in paths}


def _read(path: Path, name: str) -> Tree:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"it is not TOML: {error}", where=name) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", where=name) from error
