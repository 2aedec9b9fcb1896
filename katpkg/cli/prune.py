"""``katpkg prune``: old versions leave the indexes, and what nothing names is deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import Duration, dry_run_option
from katpkg.cli.selectors import Selectors
from katpkg.cli.suites import single_publisher_option

if TYPE_CHECKING:
    from katpkg.model.archive import RetentionSpec
    from katpkg.model.names import Selector


@click.command
@click.option(
    "--keep-versions", type=click.IntRange(min=1), metavar="N", help="How many versions of each package stay listed."
)
@click.option("--younger-than", type=Duration(), metavar="SPAN", help="Versions that are younger stay listed too: 30d.")
@click.option(
    "--pin",
    "pins",
    type=Selectors(),
    multiple=True,
    metavar="PACKAGE[=VERSION]",
    help="Stays listed whatever its age, besides what retention.pinned says; may be given again.",
)
@dry_run_option
@single_publisher_option
@click.pass_obj
def prune(
    session: Session,
    *,
    keep_versions: int | None,
    younger_than: timedelta | None,
    pins: tuple[Selector, ...],
    dry_run: bool,
    single_publisher: bool,
) -> None:
    """Take out old versions, and delete the files that nothing names.

    `[retention]` says what stays: the newest versions of each package, the young and the pinned ones; and the newest
    and the young generations of each suite, with every index and package that they name. So the file of an old version
    goes some time after it left the index: a week after the last generation that names it. Every suite that lies in the
    archive counts, also those that katpkg.toml does not know any more; when it cannot be known what one of them names,
    nothing is deleted.

    Publishing, rolling back and pruning at the same time do each other no harm. A prune that was interrupted is
    simply called again.
    """
    from katpkg.cli.suites import every_suite, publishers, store_of, verifier_of
    from katpkg.pipeline.prune import Pruner
    from katpkg.repository.publication import describe

    with publishers(session, single_publisher=single_publisher) as publisher_of:
        pruner = Pruner(
            store=store_of(session, single_publisher=single_publisher),
            verifier=verifier_of(session),
            retention=_retention(session, keep_versions, younger_than, pins),
            clock=session.clock,
            reporter=session.reporter,
            publishers=[publisher_of(suite) for suite in every_suite(session)],
        )
        done = pruner.plan() if dry_run else pruner.prune()
    for publication in done:
        session.reporter.note(publication.title)
    writes = [describe(action) for publication in done for action in publication.actions]
    session.result(writes, dry_run=dry_run, freed=sum(each.size for each in done[-1].actions), writes=writes)


def _retention(
    session: Session, versions: int | None, younger_than: timedelta | None, pins: tuple[Selector, ...]
) -> RetentionSpec:
    """What katpkg.toml says, and over it what the command line says."""
    from dataclasses import replace

    said = session.archive.retention
    days = said.days if younger_than is None else -(-younger_than // timedelta(days=1))  # a day begun is a day
    return replace(said, versions=versions or said.versions, days=days, pinned=(*said.pinned, *pins))
