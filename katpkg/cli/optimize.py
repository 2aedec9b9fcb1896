"""``katpkg optimize``: make the indexes as small as they can be."""

from __future__ import annotations

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option
from katpkg.cli.suites import single_publisher_option


@click.command
@click.argument("suites", nargs=-1)
@dry_run_option
@single_publisher_option
@click.pass_obj
def optimize(session: Session, *, suites: tuple[str, ...], dry_run: bool, single_publisher: bool) -> None:
    """Compress indexes anew, in large blocks.

    Those of SUITES (default: all). Publishing reuses the compressed blocks of an index that do not change, which is
    quick and costs some bytes. Worth it now and then for archives of thousands of packages; what is listed stays
    the same.
    """
    from katpkg.cli.suites import change, chosen_suites
    from katpkg.repository.apt.changes import Optimize

    chosen = chosen_suites(session, suites)
    change(session, chosen, Optimize(), dry_run=dry_run, single_publisher=single_publisher)
