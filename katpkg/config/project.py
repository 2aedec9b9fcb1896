"""What the files of a definition say together, as a Project; or everything that is wrong with it."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from katpkg.config import checks
from katpkg.config.layers import Layers, Tree, leaves
from katpkg.config.releases import BUILT_IN
from katpkg.config.validate import validate, validate_module
from katpkg.errors import ConfigError
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Architecture, Codename
from katpkg.model.project import ArchiveSpec, BuildSpec, Project, PublishSpec, SigningSpec, SourceSpec
from katpkg.model.target import Release, Target

T = TypeVar("T")

MAIN = "katpkg.toml"
TABLES: dict[str, type[object]] = {
    "archive": ArchiveSpec,
    "signing": SigningSpec,
    "source": SourceSpec,
    "build": BuildSpec,
    "publish": PublishSpec,
}
"""The tables of katpkg.toml that are one thing each; ``targets`` and ``release.*`` come besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A definition, and for each value of it where it comes from."""

    project: Project
    values: Mapping[str, object]
    """The effective values as plain data: the tables of katpkg.toml, ``release``, and ``modules`` by release."""
    origins: Mapping[tuple[str | int, ...], str]
    """By path in ``values``; what is not here is a default of the model."""


@dataclass
class _Findings:
    errors: list[ConfigError] = field(default_factory=list)

    def keep(self, found: T | list[ConfigError]) -> T | None:
        """``found``, unless it is errors; those are collected."""
        if isinstance(found, list):
            self.errors += found
            return None
        return found


def make_project(directory: Path, main: Tree, modules: Mapping[str, Tree]) -> Loaded:
    """The definition that lies in ``directory``: katpkg.toml, and modules/NAME.toml by NAME.

    Raises ConfigError with every error that is found.
    """
    findings = _Findings()
    layers = Layers()
    layers.lay(BUILT_IN, "built-in", ("release",))
    layers.lay(main, MAIN)
    tables = _tables(layers.values, findings)
    targets = _targets(layers.values, findings)
    by_release = _modules(modules, targets, layers, findings)
    findings.errors += checks.check(directory, targets, by_release, modules, tables["archive"])
    if findings.errors:
        raise ConfigError.together(findings.errors)
    project = Project(
        directory=directory,
        archive=_as(ArchiveSpec, tables["archive"]),
        signing=_as(SigningSpec, tables["signing"]),
        source=_as(SourceSpec, tables["source"]),
        build=_as(BuildSpec, tables["build"]),
        publish=_as(PublishSpec, tables["publish"]),
        targets=targets,
        modules=by_release,
    )
    return Loaded(project=_absolute(project), values=layers.values, origins=layers.origins)


def _tables(values: Tree, findings: _Findings) -> dict[str, object | None]:
    known = {*TABLES, "release", "targets", "modules"}
    for key in values:
        if key not in known:
            findings.errors.append(checks.unknown_key(key, known - {"modules"}, MAIN))
    found: dict[str, object | None] = {}
    for name, kind in TABLES.items():
        table = values.get(name, {})
        if not isinstance(table, Mapping):
            findings.errors.append(ConfigError("expected a table", where=f"{MAIN}: {name}"))
            found[name] = None
        else:
            found[name] = findings.keep(validate(kind, table, MAIN, (name,)))
    return found


def _targets(values: Tree, findings: _Findings) -> tuple[Target, ...]:
    tables = values["release"]
    assert isinstance(tables, dict)  # noqa: S101  # the built-in layer made it one
    releases = {
        name: findings.keep(validate(Release, {"codename": name, **table}, MAIN, ("release", name)))
        for name, table in tables.items()
    }
    words = values.get("targets")
    if not isinstance(words, list) or not words:
        findings.errors.append(ConfigError("no targets", where=f"{MAIN}: targets", hint='targets = ["bookworm/amd64"]'))
        return ()
    return tuple(
        target for number, word in enumerate(words) if (target := _target(str(word), number, releases, findings))
    )


def _target(word: str, number: int, releases: Mapping[str, Release | None], findings: _Findings) -> Target | None:
    codename, slash, architecture = word.partition("/")
    where = f"{MAIN}: targets[{number}]"
    if codename not in releases or not slash:
        known = ", ".join(releases)
        findings.errors.append(
            ConfigError(
                f"{word!r} is no target: CODENAME/ARCHITECTURE, of a release that is known",
                where=where,
                hint=f"known releases: {known}; others need a table [release.CODENAME]",
            )
        )
        return None
    release = releases[codename]
    try:
        return Target(release=release, architecture=Architecture(architecture)) if release else None
    except ValueError as error:
        findings.errors.append(ConfigError(str(error), where=where))
        return None


def _modules(
    modules: Mapping[str, Tree], targets: tuple[Target, ...], layers: Layers, findings: _Findings
) -> dict[Codename, tuple[ModuleSpec, ...]]:
    """Each release's modules: the module's file, and over it what it says for that release."""
    told: set[tuple[str, str | None]] = set()
    by_release: dict[Codename, tuple[ModuleSpec, ...]] = {}
    for codename in dict.fromkeys(target.codename for target in targets):
        specs = []
        for name, tree in modules.items():
            effective = _effective(name, tree, codename, layers)
            found = validate_module(effective, f"modules/{name}.toml")
            if isinstance(found, list):  # once, though it may be wrong for several releases
                findings.errors += [each for each in found if (each.message, each.where) not in told]
                told |= {(each.message, each.where) for each in found}
            else:
                specs.append(found)
        by_release[codename] = tuple(specs)
    return by_release


def _effective(name: str, tree: Tree, codename: Codename, layers: Layers) -> Mapping[str, object]:
    own = Layers()
    own.lay({"name": name}, "file name")
    own.lay({key: value for key, value in tree.items() if key != "target"}, f"modules/{name}.toml")
    differences = tree.get("target")
    if isinstance(differences, Mapping) and isinstance(differences.get(codename), Mapping):
        own.lay(differences[codename], f"modules/{name}.toml [target.{codename}]")
    at: tuple[str | int, ...] = ("modules", codename, name)
    layers.lay(own.values, "", at)
    for path, _ in leaves(own.values):
        origin = next((own.origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in own.origins), "")
        layers.origins[(*at, *path)] = origin
    return own.values


def _absolute(project: Project) -> Project:
    """``project`` with every path made absolute: relative ones are relative to katpkg.toml."""

    def absolute(path: Path) -> Path:
        return Path(os.path.normpath(project.directory / path))

    return replace(
        project,
        signing=replace(project.signing, public_key=absolute(project.signing.public_key)),
        source=replace(project.source, path=absolute(project.source.path)),
        build=replace(project.build, directory=absolute(project.build.directory), cache=absolute(project.build.cache)),
        publish=replace(project.publish, store=absolute(project.publish.store)),
    )


def _as(kind: type[T], value: object) -> T:
    assert isinstance(value, kind)  # noqa: S101  # validated above
    return value
