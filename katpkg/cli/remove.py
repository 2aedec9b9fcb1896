"""``katpkg remove``: take packages out of a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option
from katpkg.cli.selectors import Selectors
from katpkg.cli.suites import single_publisher_option

if TYPE_CHECKING:
    from katpkg.model.names import Selector


@click.command
@click.argument("suite")
@click.argument("packages", nargs=-1, required=True, type=Selectors(), metavar="PACKAGE[=VERSION]...")
@dry_run_option
@single_publisher_option
@click.pass_obj
def remove(
    session: Session, *, suite: str, packages: tuple[Selector, ...], dry_run: bool, single_publisher: bool
) -> None:
    """Take packages out of SUITE.

    Every version of each PACKAGE, or the one that is named; patterns work as in a shell. apt finds them no more; where
    they are installed they stay. Their files stay in the pool until `katpkg prune` finds that no state names them, so
    that a rollback brings them back; until then the version is taken, and what is built of other inputs gets the next
    revision. The definition still asks for what was removed: lock another artifact before you build and publish again.
    """
    from katpkg.cli.suites import change, suite_named
    from katpkg.repository.apt.changes import Remove

    suites = [suite_named(session, suite)]
    change(session, suites, Remove(packages=packages), dry_run=dry_run, single_publisher=single_publisher)
