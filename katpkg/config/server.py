"""What no type can say about how a module is set up on a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from katpkg.config.nearest import did_you_mean
from katpkg.errors import ConfigError
from katpkg.model.module import Migration, ModuleSpec
from katpkg.model.service import Health, Sandbox, Setting

HOLES = ("secret", "database", "queue", "host", "email")
"""What ``fill`` may have in braces."""
NAMED = re.compile(r"(address of|interface) ([^{} ]+)")
"""What it may have besides, with a name."""
NUMBERS = re.compile(r"\d+(\.\d+)*")


def check_roles(modules: tuple[ModuleSpec, ...]) -> Iterator[ConfigError]:
    """Everything that one module says of another: who runs its services, and whose address it wants."""
    metas = {module.name for module in modules if module.is_meta}
    services = {service.name for module in modules for service in module.services}
    for module in modules:
        file = f"modules/{module.name}.toml"
        for number, service in enumerate(module.services):
            for role in service.roles:
                if role not in metas:
                    where = f"{file}: services[{number}].roles"
                    yield ConfigError(f"no meta package is {str(role)!r}", where=where, hint=did_you_mean(role, metas))
        for number, setting in enumerate(module.settings):
            for kind, name in NAMED.findall(setting.fill):
                if kind == "address of" and name not in services:
                    where = f"{file}: settings[{number}].fill"
                    yield ConfigError(f"there is no service {name!r}", where=where, hint=did_you_mean(name, services))


def check_server(module: ModuleSpec, file: str) -> Iterator[ConfigError]:
    """Everything about settings, probes and migrations that set-up could not make sense of."""
    for number, setting in enumerate(module.settings):
        yield from _check_setting(module, setting, f"{file}: settings[{number}]")
    for number, service in enumerate(module.services):
        if service.health is not None:
            yield from _check_health(module, service.health, f"{file}: services[{number}].health")
        if service.peers and service.sandbox is not Sandbox.STRICT:
            where = f"{file}: services[{number}].peers"
            yield ConfigError("only a strict sandbox knows peers", where=where, hint='sandbox = "strict"')
    yield from _check_directories(module, file)
    for number, migration in enumerate(module.migrations):
        if migration.before:
            yield from _check_before(migration, f"{file}: migrations[{number}].before")


def _check_directories(module: ModuleSpec, file: str) -> Iterator[ConfigError]:
    for number, directory in enumerate(module.directories):
        if directory.upgrade and not directory.backup:
            where = f"{file}: directories[{number}].upgrade"
            yield ConfigError("what no backup has, that of an upgrade has not", where=where, hint="backup = true")


def _check_before(migration: Migration, where: str) -> Iterator[ConfigError]:
    if NUMBERS.fullmatch(migration.before) is None:
        yield ConfigError("a version is told here by its numbers alone", where=where, hint='before = "1.17"')
    if migration.once:
        said = "what is done for new data alone is never done for older data"
        yield ConfigError(said, where=where, hint="leave out before, or once")


def _check_setting(module: ModuleSpec, setting: Setting, where: str) -> Iterator[ConfigError]:
    yield from _check_fill(module, setting.fill, f"{where}.fill")
    if setting.prefix and (setting.default is not None or setting.fill or setting.required):
        hint = "leave out default, fill and required"
        yield ConfigError("what stands for many has no value of its own", where=f"{where}.prefix", hint=hint)


def _check_fill(module: ModuleSpec, fill: str, where: str) -> Iterator[ConfigError]:
    for hole in re.findall(r"\{([^{}]*)\}", fill):
        if hole not in HOLES and NAMED.fullmatch(hole) is None:
            yield ConfigError(f"nothing is known as {{{hole}}}", where=where, hint=did_you_mean(hole, HOLES))
    if "{database}" in fill and module.database is None:
        yield ConfigError("the module has no database", where=where, hint='[database]\nname = "…"\nrole = "…"')
    if "{queue}" in fill and not module.queue:
        yield ConfigError("the module does not use the broker", where=where, hint="queue = true")


def _check_health(module: ModuleSpec, health: Health, where: str) -> Iterator[ConfigError]:
    if bool(health.url) == bool(health.queue):
        yield ConfigError("a probe asks either a URL or a queue", where=where, hint="keep url or queue")
    if health.queue and not module.queue:
        yield ConfigError("the module does not use the broker", where=where, hint="queue = true")
    if bool(health.each_in) != ("*" in health.each_url):
        said = "what is asked for each directory needs the directory, and a URL with * in it"
        yield ConfigError(said, where=where, hint='each_in = "/var/lib/…", each_url = "http://127.0.0.1/*"')
    names = [*_named(health.url), *_named(health.each_url)]
    yield from _check_names(module, [*names, *(pair.partition("=")[2] for pair in health.form)], where)


def _named(text: str) -> list[str]:
    found: list[str] = re.findall(r"\{([A-Z_][A-Z0-9_]*)\}", text)
    return found


def _check_names(module: ModuleSpec, names: Iterable[str], where: str) -> Iterator[ConfigError]:
    known = {setting.name for setting in module.settings}
    for name in names:
        if name not in known:
            yield ConfigError(f"there is no setting {name!r}", where=where, hint=did_you_mean(name, known))
