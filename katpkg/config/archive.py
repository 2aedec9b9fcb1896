"""What katpkg.toml says, laid over what is built in: all that the commands for an archive need."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from katpkg.config.files import EXTENDS, MAIN, read_main
from katpkg.config.layers import Layer, Layers, Tree
from katpkg.config.nearest import unknown_key
from katpkg.config.releases import BUILT_IN
from katpkg.config.validate import validate
from katpkg.errors import ConfigError
from katpkg.model.archive import (
    ArchiveDefinition,
    ArchiveSpec,
    BuildSpec,
    PublishSpec,
    RetentionSpec,
    SigningSpec,
)
from katpkg.model.source import SourceSpec
from katpkg.model.target import Release, Target

T = TypeVar("T")

TABLES: dict[str, Any] = {
    "archive": ArchiveSpec,
    "signing": SigningSpec,
    "source": SourceSpec,
    "build": BuildSpec,
    "publish": PublishSpec,
    "retention": RetentionSpec,
}
"""The tables of katpkg.toml that are one thing each; ``extends``, ``targets`` and ``release.*`` come besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Main:
    """katpkg.toml as far as it could be understood: what is wrong is in ``errors``, and then not in the rest."""

    layers: Layers
    extended: str
    """Where the definition that is extended lies, from this one's directory; empty when none is."""
    tables: Mapping[str, object]
    targets: tuple[Target, ...]
    errors: tuple[ConfigError, ...]

    def definition(self, directory: Path) -> ArchiveDefinition:
        """The same, found right. Every path is made absolute: a relative one begins where the file lies that says it.

        Raises ConfigError with every error.
        """
        if self.errors:
            raise ConfigError.together(self.errors)

        def placed(name: str, table: object) -> object:
            return absolute(table, lambda key: self.layers.place((name, key), directory))

        tables: dict[str, Any] = {name: placed(name, table) for name, table in self.tables.items()}
        extended = Path(os.path.normpath(directory / self.extended)) if self.extended else None
        return ArchiveDefinition(directory=directory, extended=extended, targets=self.targets, **tables)


def load_archive(directory: Path) -> ArchiveDefinition:
    """What katpkg.toml in ``directory`` says; no module is read. Raises ConfigError with everything that is wrong."""
    directory = directory.resolve()
    return judge(read_main(directory)).definition(directory)


def judge(main: tuple[Layer, ...]) -> Main:
    """What katpkg.toml says, over the one that it extends, and everything that is wrong with it."""
    findings = Findings()
    layers = Layers()
    layers.lay(BUILT_IN, "built-in", ("release",))
    for each in main:
        layers.lay({key: value for key, value in each.tree.items() if key != EXTENDS}, each.name)
    tables = _tables(layers.values, findings)
    targets = _targets(layers.values, findings)
    archive = tables["archive"]
    if isinstance(archive, ArchiveSpec):
        _check_architectures(archive, targets, findings)
    retention = tables["retention"]
    if isinstance(retention, RetentionSpec):
        _check_retention(retention, findings)
    extended = str(Path(main[0].name).parent) if len(main) > 1 else ""
    return Main(layers=layers, extended=extended, tables=tables, targets=targets, errors=findings.once())


class Findings:
    """Everything that is wrong, in the order in which it was found."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], ConfigError] = {}

    def add(self, *errors: ConfigError) -> None:
        """Note ``errors``."""
        for error in errors:
            self._found.setdefault((error.message, error.where), error)

    def keep(self, found: T | list[ConfigError]) -> T | None:
        """``found``, unless it is errors; those are noted."""
        if isinstance(found, list):
            self.add(*found)
            return None
        return found

    def once(self) -> tuple[ConfigError, ...]:
        """Each thing once, though it may be wrong for several releases."""
        return tuple(self._found.values())


def _tables(values: Tree, findings: Findings) -> dict[str, object]:
    known = {*TABLES, EXTENDS, "release", "targets"}
    findings.add(*(unknown_key(key, known, MAIN) for key in values if key not in known))
    return {name: findings.keep(validate(kind, values.get(name, {}), MAIN, (name,))) for name, kind in TABLES.items()}


def _targets(values: Tree, findings: Findings) -> tuple[Target, ...]:
    releases = _releases(values["release"], findings)
    words = values.get("targets")
    if not isinstance(words, list) or not words:
        findings.add(ConfigError("no targets", where=f"{MAIN}: targets", hint='targets = ["bookworm/amd64"]'))
        return ()
    found = (_target(word, f"{MAIN}: targets[{number}]", releases, findings) for number, word in enumerate(words))
    return tuple(target for target in found if target)


def _releases(tables: object, findings: Findings) -> dict[str, Release | None]:
    if not isinstance(tables, Mapping):
        findings.add(ConfigError("expected a table for each release", where=f"{MAIN}: release", hint="[release.forky]"))
        return {}
    return {
        name: findings.keep(validate(Release, _named(name, table), MAIN, ("release", name)))
        for name, table in tables.items()
    }


def _named(name: str, table: object) -> object:
    return {"codename": name, **table} if isinstance(table, Mapping) else table


def _target(word: object, where: str, releases: Mapping[str, Release | None], findings: Findings) -> Target | None:
    codename, slash, architecture = str(word).partition("/")
    if codename not in releases or not slash:
        said = f"{word!r} is no target: CODENAME/ARCHITECTURE, of a release that is known"
        hint = f"known releases: {', '.join(releases)}; others need a table [release.CODENAME]"
        findings.add(ConfigError(said, where=where, hint=hint))
        return None
    release = releases[codename]
    try:
        return Target(release=release, architecture=release.format.architecture(architecture)) if release else None
    except ValueError as error:
        findings.add(ConfigError(str(error), where=where))
        return None


def _check_architectures(archive: ArchiveSpec, targets: tuple[Target, ...], findings: Findings) -> None:
    where = f"{MAIN}: archive.architectures"
    if "all" in archive.architectures:
        said = "'all' is no architecture of an archive: every index has the packages for all"
        findings.add(ConfigError(said, where=where, hint="leave it out"))
    for target in targets:
        if target.architecture not in archive.architectures:
            said = f"{target} is built, but the archive does not serve {target.architecture}"
            findings.add(ConfigError(said, where=where, hint=f"add {str(target.architecture)!r} to it"))


def _check_retention(retention: RetentionSpec, findings: Findings) -> None:
    least = {"versions": 1, "days": 0, "generations": 0, "generation_hours": 0}
    for name, number in least.items():
        if getattr(retention, name) < number:
            said = f"expected {number} or more, got {getattr(retention, name)}"
            findings.add(ConfigError(said, where=f"{MAIN}: retention.{name}"))


def absolute(table: Any, place: Callable[[str], Path]) -> Any:  # noqa: ANN401  # a table of the model, and the same
    """``table`` with its paths made absolute; a relative one begins at the ``place`` of its key."""
    paths = {
        each.name: Path(os.path.normpath(place(each.name) / value))
        for each in fields(table)
        if isinstance(value := getattr(table, each.name), Path)
    }
    return replace(table, **paths) if paths else table
