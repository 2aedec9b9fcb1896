"""What no type can say: how the parts of a definition must fit each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

from katpkg.config.layers import Layer
from katpkg.config.nearest import did_you_mean
from katpkg.config.server import check_roles, check_server
from katpkg.errors import ConfigError
from katpkg.model.module import PLACEHOLDERS, ModuleSpec
from katpkg.model.names import Codename
from katpkg.model.payload import MetaPayload

LONGEST_SUMMARY = 80
ARTICLES = ("a ", "an ", "the ")
MODE = re.compile(r"0?[0-7]{3}")

Files = tuple[Layer, ...]
"""A module as it is written, the lowest layer first."""


def check(
    directories: Collection[Path], modules: Mapping[Codename, tuple[ModuleSpec, ...]], files: Mapping[str, Files]
) -> Iterator[ConfigError]:
    """Everything that does not fit: in ``modules`` by release, and in ``files``, the modules as they are written.

    ``directories`` are those of the definition and of the one that it extends.
    """
    for file in (each for layers in files.values() for each in layers):
        yield from _check_differences(file, modules)
    for specs in modules.values():
        for module in specs:
            yield from _check_module(module, directories)
        yield from _check_together(specs)


def _check_differences(file: Layer, modules: Mapping[Codename, object]) -> Iterator[ConfigError]:
    where = f"{file.name}: target"
    differences = file.tree.get("target", {})
    if not isinstance(differences, Mapping):
        yield ConfigError("expected a table for each release", where=where, hint="[target.bookworm]")
        return
    for codename in differences:
        if not isinstance(codename, str) or re.fullmatch(r"[a-z][a-z0-9]*", codename) is None:
            yield ConfigError(f"{codename!r} is no codename", where=where, hint=f"one of {', '.join(modules)}")


def _check_module(module: ModuleSpec, directories: Collection[Path]) -> Iterator[ConfigError]:
    file = f"modules/{module.name}.toml"
    yield from _check_summary(module, file)
    if module.artifact is None and module.needs_artifact:
        yield ConfigError("missing key 'artifact'", where=file, hint='[artifact]\nname = "NAME-{version}.zip"')
    yield from _check_files(module, file, directories)
    yield from _check_placeholders(module, file)
    yield from check_server(module, file)


def _check_summary(module: ModuleSpec, file: str) -> Iterator[ConfigError]:
    if not 0 < len(module.summary) <= LONGEST_SUMMARY or module.summary.endswith("."):
        yield ConfigError(f"a summary has 1 to {LONGEST_SUMMARY} characters and no full stop", where=f"{file}: summary")
    if module.summary.lower().startswith(ARTICLES):
        yield ConfigError("a summary begins without an article", where=f"{file}: summary")


def _check_files(module: ModuleSpec, file: str, directories: Collection[Path]) -> Iterator[ConfigError]:
    for number, each in enumerate(module.files):
        at = f"{file}: files[{number}]"
        if not any((directory / "files" / each.source).is_file() for directory in directories):
            yield ConfigError(f"there is no file {each.source!r}", where=f"{at}.source", hint="it lies below files/")
        if each.conffile != each.path.startswith("/etc/"):
            hint = f"conffile = {str(not each.conffile).lower()}, or another path"
            yield ConfigError("conffiles lie below /etc, and nothing else does", where=f"{at}.path", hint=hint)
    for at, mode in (
        *((f"files[{number}].mode", each.mode) for number, each in enumerate(module.files)),
        *((f"directories[{number}].mode", each.mode) for number, each in enumerate(module.directories)),
        *((f"services[{number}].umask", each.umask) for number, each in enumerate(module.services)),
    ):
        if MODE.fullmatch(mode) is None:
            yield ConfigError(f"{mode!r} is no mode: octal, like 0640", where=f"{file}: {at}")


def _check_placeholders(module: ModuleSpec, file: str) -> Iterator[ConfigError]:
    for name in ("services", "commands", "migrations"):
        for number, each in enumerate(getattr(module, name)):
            for text in _texts(each):
                for found in re.findall(r"\{([a-z_]+)\}", text):
                    if found not in PLACEHOLDERS:
                        yield ConfigError(
                            f"there is no placeholder {{{found}}}",
                            where=f"{file}: {name}[{number}]",
                            hint=f"one of {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}",
                        )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _texts(getattr(value, each.name))


def _check_together(modules: tuple[ModuleSpec, ...]) -> Iterator[ConfigError]:
    packages = Counter(module.package for module in modules)
    services = Counter(service.name for module in modules for service in module.services)
    known = {module.name for module in modules}
    yield from check_roles(modules)
    for module in modules:
        file = f"modules/{module.name}.toml"
        if packages[module.package] > 1:
            said, hint = f"several modules make the package {module.package}", "give each a name of its own"
            yield ConfigError(said, where=f"{file}: package", hint=hint)
        for number, service in enumerate(module.services):
            if services[service.name] > 1:
                said, hint = f"there are several services {service.name}", "give each a name of its own"
                yield ConfigError(said, where=f"{file}: services[{number}].name", hint=hint)
        if isinstance(module.payload, MetaPayload):
            yield from _check_meta(module.payload, known, file)


def _check_meta(payload: MetaPayload, known: Collection[str], file: str) -> Iterator[ConfigError]:
    for name in payload.modules:
        if name not in known:
            said, where = f"there is no module {str(name)!r}", f"{file}: payload.modules"
            yield ConfigError(said, where=where, hint=did_you_mean(name, known))
    lead = payload.version.removeprefix("=").strip() if payload.version.startswith("=") else None
    if lead is not None and lead not in payload.modules:
        yield ConfigError(
            f"it takes its version from {lead!r}, which it does not pull in",
            where=f"{file}: payload.version",
            hint=f"add {lead!r} to payload.modules, or take the version of one that is there",
        )
