"""What a server of several must know of the product as a whole: who is installed together, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from katpkg.model.module import ModuleSpec
from katpkg.model.names import Codename
from katpkg.model.payload import MetaPayload
from katpkg.model.project import Project


def roles(project: Project, codename: Codename) -> list[dict[str, object]]:
    """Every meta package of the product, with the modules that it pulls in."""
    return [
        {"name": module.name, "package": module.package, "modules": module.payload.modules}
        for module in _modules(project, codename)
        if isinstance(module.payload, MetaPayload)
    ]


def census(project: Project, codename: Codename) -> list[dict[str, object]]:
    """Every module that does something on a server, as a descriptor with no more than other hosts must know."""
    return [_entry(module) for module in _modules(project, codename) if module.services or module.database]


def _modules(project: Project, codename: Codename) -> Iterator[ModuleSpec]:
    modules = project.modules.get(codename, ())
    return (module for module in sorted(modules, key=lambda each: each.name) if module.builds_for(codename))


def _entry(module: ModuleSpec) -> dict[str, object]:
    return {
        "module": module.name,
        "package": module.package,
        "services": [
            {"name": each.name, "description": "", "account": each.account, "roles": each.roles, "health": None}
            for each in module.services
        ],
        "settings": [
            {"name": each.name, "meaning": "", "shared": each.shared, "fill": each.fill}
            for each in module.settings
            if each.fill
        ],
        "directories": [],
        "database": asdict(module.database) if module.database else None,
        "queue": module.queue,
        "migrations": [],
    }
