"""``katpkg refresh``: say again that what is published is valid."""

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
def refresh(session: Session, *, suites: tuple[str, ...], dry_run: bool, single_publisher: bool) -> None:
    """Sign what is published again, with a new Date and Valid-Until.

    In SUITES (default: all). With `publish.valid_days` set, apt refuses an archive that was not signed for so long;
    a daily refresh keeps it valid. Without, it changes nothing but the Date.
    """
    from katpkg.cli.suites import change, chosen_suites
    from katpkg.repository.apt.changes import Refresh

    chosen = chosen_suites(session, suites)
    change(session, chosen, Refresh(), dry_run=dry_run, single_publisher=single_publisher)
