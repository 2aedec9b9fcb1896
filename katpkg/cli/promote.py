"""``katpkg promote``: publish for users what testers have."""

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
@click.argument("source", metavar="FROM")
@click.argument("to")
@click.argument("packages", nargs=-1, type=Selectors(), metavar="[PACKAGE[=VERSION]]...")
@dry_run_option
@single_publisher_option
@click.pass_obj
def promote(
    session: Session, *, source: str, to: str, packages: tuple[Selector, ...], dry_run: bool, single_publisher: bool
) -> None:
    """Publish in the suite TO what is published in the suite FROM.

    For example: `katpkg promote bookworm-testing bookworm`. With PACKAGES only those; patterns work as in a shell.
    The very same files: nothing is built, and none is uploaded. Both suites are of one release. Development
    versions stay with the testers.
    """
    from katpkg.cli.suites import change, suite_named
    from katpkg.repository.apt.changes import Promote

    made = Promote(source=suite_named(session, source), packages=packages)
    change(session, [suite_named(session, to)], made, dry_run=dry_run, single_publisher=single_publisher)
