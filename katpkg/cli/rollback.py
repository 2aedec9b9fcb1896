"""``katpkg rollback``: publish an earlier state of a suite again."""

from __future__ import annotations

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option
from katpkg.cli.suites import single_publisher_option


@click.command
@click.argument("suite")
@click.argument("generation")
@dry_run_option
@single_publisher_option
@click.pass_obj
def rollback(session: Session, *, suite: str, generation: str, dry_run: bool, single_publisher: bool) -> None:
    """Publish again in SUITE what GENERATION had, under a new date.

    GENERATION is a name that `katpkg history` shows, or its beginning.

    Servers find the earlier versions with their next `apt update`. Where later ones are installed they stay, until
    somebody says `apt install PACKAGE=VERSION`.

    What is published now becomes a generation too: a rollback can be rolled back.
    """
    from katpkg.cli.suites import change, history_of, store_of, suite_named
    from katpkg.repository.apt.changes import Restore

    spec = suite_named(session, suite)
    store = store_of(session, single_publisher=single_publisher)
    name = history_of(spec).find(store, spec.name, generation)
    change(session, [spec], Restore(generation=name), dry_run=dry_run, single_publisher=single_publisher)
