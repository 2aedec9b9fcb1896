"""``katpkg rpm``: what there is for RPMs alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import chosen_targets, target_option

if TYPE_CHECKING:
    from katpkg.model.project import Project
    from katpkg.model.target import Target


@click.group
def rpm() -> None:
    """Make RPMs of what exists only as .debs."""


@rpm.command
@click.argument("debs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@target_option
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the RPMs go; default: build/CODENAME.",
)
@click.pass_obj
def convert(session: Session, debs: tuple[Path, ...], *, targets: tuple[str, ...], output: Path | None) -> None:
    """Convert DEBS to RPMs.

    For every target of RPMs in katpkg.toml, unless --target says otherwise. Nothing of them is run. What their
    maintainer scripts come to is thought through: accounts, directories, owners, configuration and units become
    what an RPM has for them, and a line that is not understood is an error. So is a name that no table knows;
    packages that depend on each other are converted in one call. What is left out is told.
    """
    from katpkg.packages.templates import Templates
    from katpkg.pipeline.convert import Converter, convert_all, names_of

    project = session.project
    wanted = _targets(project, targets)
    own = project.packages | names_of(debs)
    converter = Converter.of(project, own, Templates(session.templates), session.reporter)
    session.reporter.step("converting packages")
    made = list(convert_all(converter, debs, wanted, output))
    session.result(
        [str(package.path) for package in made],
        packages=[{"package": package.name, "version": package.version, "path": str(package.path)} for package in made],
    )


def _targets(project: Project, words: tuple[str, ...]) -> tuple[Target, ...]:
    """Those that were named; else all that are of RPMs. Raises ConfigError when there is none."""
    from katpkg.errors import ConfigError
    from katpkg.model.target import PackageFormat

    chosen = chosen_targets(project, words)
    if words:
        return chosen
    found = tuple(target for target in chosen if target.release.format is PackageFormat.RPM)
    if not found:
        raise ConfigError(
            "there is no target of RPMs", where="katpkg.toml: targets", hint='add one: targets = ["el9/x86_64"]'
        )
    return found
