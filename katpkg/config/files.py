"""Finding and reading the files of a definition: the only place here that touches files."""

from __future__ import annotations

import os.path
import tomllib
from collections.abc import Iterator
from pathlib import Path

from katpkg.config.layers import Layer, Tree
from katpkg.errors import ConfigError

MAIN = "katpkg.toml"
EXTENDS = "extends"
"""The key that names the definition which this one is laid over."""


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


def read_main(directory: Path) -> tuple[Layer, ...]:
    """katpkg.toml in ``directory``, and below it that of the definition which it extends. Raises ConfigError."""
    if not (directory / MAIN).is_file():
        raise ConfigError(f"there is no {MAIN}", where=str(directory), hint="katpkg -C DIR says where it lies")
    own = Layer(name=MAIN, tree=_read(directory / MAIN, MAIN))
    return (*(Layer(name=name, tree=_read(directory / name, name)) for name in _extended(own, directory)), own)


def read_modules(directory: Path, main: tuple[Layer, ...]) -> dict[str, tuple[Layer, ...]]:
    """Every modules/NAME.toml of the definitions in ``main``, by NAME, lowest first. Raises ConfigError."""
    found: dict[str, tuple[Layer, ...]] = {}
    for layer in main:
        place = Path(layer.name).parent / "modules"
        for path in sorted((directory / place).glob("*.toml")):
            name = str(place / path.name)
            found[path.stem] = (*found.get(path.stem, ()), Layer(name=name, tree=_read(path, name)))
    return dict(sorted(found.items()))


def _extended(own: Layer, directory: Path) -> Iterator[str]:
    """The katpkg.toml that ``own`` extends, from ``directory``."""
    if EXTENDS not in own.tree:
        return
    where, name = f"{MAIN}: {EXTENDS}", own.tree[EXTENDS]
    if not isinstance(name, str):
        said = f"expected the directory of another definition, got {name!r}"
        raise ConfigError(said, where=where, hint='extends = ".."')
    path = str(Path(os.path.normpath(name)) / MAIN)
    if not (directory / path).is_file() or (directory / path).samefile(directory / MAIN):
        raise ConfigError("there is no other definition there", where=where, hint=f"a directory with a {MAIN}")
    if EXTENDS in _read(directory / path, path):
        raise ConfigError(f"{path} extends another one itself", where=where, hint="extend that one")
    yield path


def _read(path: Path, name: str) -> Tree:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"it is not TOML: {error}", where=name) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", where=name, hint=f"ls -l {path}") from error
