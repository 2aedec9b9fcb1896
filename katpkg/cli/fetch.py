"""``katpkg fetch``: find the artifacts and lock them."""

from __future__ import annotations

from dataclasses import asdict

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option


@click.command
@click.argument("modules", nargs=-1)
@dry_run_option
@click.pass_obj
def fetch(session: Session, modules: tuple[str, ...], *, dry_run: bool) -> None:
    """Find the newest artifact of every module, verify it, and write katpkg.lock.

    With MODULES only those are looked up anew; the rest stays as it is locked. `katpkg build` then uses what
    katpkg.lock names and nothing else, so two builds from one lock are identical.
    """
    from katpkg.pipeline.fetch import check_modules, fetch, resolve

    check_modules(session.project, modules)
    perform = resolve if dry_run else fetch
    lock = perform(session.project, modules, session.reporter)
    session.result(
        [f"{each.module} {each.version} {each.codename}/{each.architecture} {each.name}" for each in lock.artifacts],
        artifacts=[asdict(each) for each in lock.artifacts],
    )
