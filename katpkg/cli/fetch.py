"""``katpkg fetch``: find the artifacts and lock them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option
from katpkg.errors import ConfigError

if TYPE_CHECKING:
    from katpkg.model.artifact import Artifact


@click.command
@click.argument("modules", nargs=-1)
@click.option("--tag", default="", metavar="TAG", help="Of that tag; default: of the newest version.")
@click.option("--branch", default="", metavar="BRANCH", help="Of the newest good run of that branch.")
@click.option("--commit", default="", metavar="SHA", help="Of that commit, in full.")
@click.option("--run", default=0, metavar="ID", type=click.IntRange(min=0), help="Of that run of the workflow.")
@click.option("--locked", is_flag=True, help="Look for nothing: bring what katpkg.lock names.")
@dry_run_option
@click.pass_obj
def fetch(
    session: Session,
    modules: tuple[str, ...],
    *,
    tag: str,
    branch: str,
    commit: str,
    run: int,
    locked: bool,
    dry_run: bool,
) -> None:
    """Find the newest artifacts, verify them, and write katpkg.lock.

    For MODULES (default: all); the others stay as they are locked. `katpkg build` then uses what katpkg.lock names
    and nothing else, so two builds from one lock are identical. --tag, --branch, --commit and --run say which run
    of a workflow on GitHub is meant, among those that the definition allows. A download that was interrupted is
    gone on with the next time.
    """
    from katpkg.model.source import Choice
    from katpkg.pipeline import fetch as pipeline

    choice = Choice(tag=tag, branch=branch, commit=commit, run=run)
    if sum(map(bool, (tag, branch, commit, run, locked))) > 1:
        raise ConfigError("say one of --tag, --branch, --commit, --run and --locked", where="the command line")
    pipeline.check_modules(session.project, modules)
    perform = pipeline.resolve if dry_run else pipeline.fetch_locked if locked else pipeline.fetch
    lock = perform(session.intake(choice), modules)
    session.result(
        [f"{each.module} {each.version} {each.codename}/{each.architecture} {each.name}" for each in lock.artifacts],
        artifacts=[asdict(each) for each in lock.artifacts],
    )
    _show(session, lock.artifacts)


def _show(session: Session, artifacts: tuple[Artifact, ...]) -> None:
    """Where each is from, when that is more than a file name."""
    rows = [
        (each.module, f"{each.codename}/{each.architecture}", each.version, *_origin(each))
        for each in artifacts
        if each.provenance is not None
    ]
    if rows:
        columns = ("module", "target", "version", "from", "commit", "expires")
        session.reporter.table("artifacts", columns, rows)


def _origin(artifact: Artifact) -> tuple[str, str, str]:
    found = artifact.provenance
    if found is None:
        return artifact.origin, "", ""
    place = f"release of {found.repository}" if found.is_asset else f"run {found.run} of {found.repository}"
    return f"{place}, {found.ref}", found.commit[:12], found.expires[:10]
