"""Maintainer scripts: only those that have more to say than what debhelper adds by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from katpkg.model.package import PackageSpec, Starting
from katpkg.packages.templates import Templates


def maintainer_scripts(spec: PackageSpec, templates: Templates, conffiles: Sequence[str]) -> dict[str, str]:
    """Files of debian/ by name; ``conffiles`` are those that the package has."""
    scripts = {}
    environment, upkeep = spec.virtual_environment, spec.upkeep
    if upkeep is not None:
        scripts["preinst"] = templates.render("preinst.j2", name=spec.name, upkeep=upkeep, conffiles=conffiles)
    if environment is not None or upkeep is not None:
        scripts["postinst"] = _postinst(spec, templates)
        scripts["prerm"] = templates.render(
            "prerm.j2",
            environment=environment,
            prepares=spec.starting is Starting.SETUP,
            units=[f"{unit.name}.{unit.suffix}" for unit in spec.units],
        )
    if spec.directories or upkeep is not None:
        scripts["postrm"] = _postrm(spec, templates)
    return {f"{spec.name}.{name}": text for name, text in scripts.items()}


def _postinst(spec: PackageSpec, templates: Templates) -> str:
    environment = spec.virtual_environment
    return templates.render(
        "postinst.j2",
        environment=environment,
        upkeep=spec.upkeep,
        python=Path(environment.interpreter).name if environment else "",
        services=[f"{unit.name}.service" for unit in spec.units if unit.suffix == "service"],
    )


def _postrm(spec: PackageSpec, templates: Templates) -> str:
    """Where somebody can be asked, data goes only when that is said."""
    asks = spec.upkeep is not None
    return templates.render(
        "postrm.j2",
        upkeep=spec.upkeep,
        data=[each.path for each in spec.directories if each.backup and asks],
        scratch=[each.path for each in spec.directories if not (each.backup and asks)],
    )
