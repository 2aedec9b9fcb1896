"""What the files of a definition say together, as a Project; or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from katpkg.config import artifacts, checks
from katpkg.config.archive import Findings, Main, absolute, judge
from katpkg.config.files import read_main, read_modules
from katpkg.config.layers import Layer, Layers, leaves, origin_of
from katpkg.config.validate import validate
from katpkg.errors import ConfigError
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Codename
from katpkg.model.project import Project

Modules = Mapping[Codename, tuple[ModuleSpec, ...]]
"""What is packaged for each release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A definition, and for each value of it where it comes from."""

    project: Project
    values: Mapping[str, object]
    """The effective values as plain data: the tables of katpkg.toml, ``release``, and ``modules`` by release."""
    origins: Mapping[tuple[str | int, ...], str]
    """By path in ``values``; what is not here is a default of the model."""


def load_project(directory: Path) -> Loaded:
    """The definition in ``directory``. Raises ConfigError with everything that is wrong with it."""
    directory = directory.resolve()
    main = read_main(directory)
    return make_project(directory, main, read_modules(directory, main))


def make_project(directory: Path, main: tuple[Layer, ...], modules: Mapping[str, tuple[Layer, ...]]) -> Loaded:
    """The definition that lies in ``directory``: katpkg.toml, and modules/NAME.toml by NAME, the lowest layer first.

    Raises ConfigError with every error that is found.
    """
    told = judge(main)
    findings = Findings()
    findings.add(*told.errors)
    by_release = _modules(modules, told, findings)
    directories = tuple((directory / each.name).parent for each in main)
    findings.add(*checks.check(directories, by_release, modules), *artifacts.check(told.tables["source"], by_release))
    if errors := findings.once():
        raise ConfigError.together(errors)
    project = Project.of(told.definition(directory), _placed(by_release, told.layers, directory))
    return Loaded(project=project, values=told.layers.values, origins=told.layers.origins)


def _modules(modules: Mapping[str, tuple[Layer, ...]], main: Main, findings: Findings) -> Modules:
    """Each release's modules: each of the module's files, and over it what it says for that release."""
    by_release: dict[Codename, tuple[ModuleSpec, ...]] = {}
    for codename in dict.fromkeys(target.codename for target in main.targets):
        specs = (
            findings.keep(validate(ModuleSpec, _effective(name, files, codename, main.layers), f"modules/{name}.toml"))
            for name, files in modules.items()
        )
        by_release[codename] = tuple(spec for spec in specs if spec)
    return by_release


def _placed(
    modules: Mapping[Codename, tuple[ModuleSpec, ...]], layers: Layers, directory: Path
) -> dict[Codename, tuple[ModuleSpec, ...]]:
    def placed(codename: Codename, module: ModuleSpec) -> ModuleSpec:
        at = ("modules", codename, module.name, "source")
        return replace(module, source=absolute(module.source, lambda key: layers.place((*at, key), directory)))

    return {
        codename: tuple(placed(codename, each) if each.source else each for each in specs)
        for codename, specs in modules.items()
    }


def _effective(name: str, files: tuple[Layer, ...], codename: Codename, layers: Layers) -> Mapping[str, object]:
    own = Layers()
    own.lay({"name": name}, "file name")
    for file in files:
        own.lay({key: value for key, value in file.tree.items() if key != "target"}, file.name)
        differences = file.tree.get("target")
        if isinstance(differences, Mapping) and isinstance(differences.get(codename), Mapping):
            own.lay(differences[codename], f"{file.name} [target.{codename}]")
    at: tuple[str | int, ...] = ("modules", codename, name)
    layers.lay(own.values, "", at)
    for path, _ in leaves(own.values):
        layers.origins[(*at, *path)] = origin_of(path, own.origins)
    return own.values
