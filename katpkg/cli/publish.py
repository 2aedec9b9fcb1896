"""``katpkg publish``: put packages into the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import chosen_targets, codenames, dry_run_option, target_option
from katpkg.cli.suites import publishers, single_publisher_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from katpkg.model.binary import BinaryPackage
    from katpkg.model.names import Component
    from katpkg.model.suite import SuiteSpec


def _component(_ctx: click.Context, _option: click.Parameter, text: str | None) -> Component | None:
    from katpkg.model.names import Component

    try:
        return Component(text) if text is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@target_option
@click.option("--channel", default="", metavar="NAME", help="Into CODENAME-NAME, for testers, instead of CODENAME.")
@click.option(
    "--component", metavar="NAME", callback=_component, help="Into this component instead of the archive's own."
)
@click.option("--headers-only", is_flag=True, help="Do not look at what FILES hold: quicker when there are thousands.")
@dry_run_option
@single_publisher_option
@click.pass_obj
def publish(
    session: Session,
    *,
    files: tuple[Path, ...],
    targets: tuple[str, ...],
    channel: str,
    component: Component | None,
    headers_only: bool,
    dry_run: bool,
    single_publisher: bool,
) -> None:
    """Add what was built to the archive, and sign its new state.

    With FILES, publish those instead: packages, or directories of them, made by whomever. They go into every release
    of the definition, or into that of --target.

    Publishing only ever adds. It writes packages and indexes first and the signed InRelease last, and that only if
    nobody else published meanwhile; then it plans again. Publishing twice changes nothing.

    The signing key comes from KATPKG_SIGNING_KEY (armored) or KATPKG_SIGNING_KEY_FILE, its passphrase, if it has one,
    from KATPKG_SIGNING_PASSPHRASE.
    """
    from katpkg.repository.publication import describe

    done = []
    with publishers(session, single_publisher=single_publisher) as publisher_of:
        for suite in _suites(session, targets, channel, component):
            session.reporter.step(f"{'planning' if dry_run else 'publishing'} {suite.name}")
            publisher = publisher_of(suite)
            packages = _packages(session, suite, files, look_inside=not headers_only)
            change = publisher.repository.adding(packages)
            publication = publisher.plan(change) if dry_run else publisher.publish(change)
            session.reporter.note(publication.title)
            done.append(publication)
    place = session.archive.publish
    writes = (describe(action) for publication in done for action in publication.actions)
    session.result(writes, dry_run=dry_run, store=place.bucket or place.store, writes=writes)


def _suites(
    session: Session, targets: tuple[str, ...], channel: str, component: Component | None
) -> Iterator[SuiteSpec]:
    from dataclasses import replace

    from katpkg.cli.suites import suite_named

    for codename in codenames(chosen_targets(session.archive, targets)):
        suite = suite_named(session, f"{codename}-{channel}" if channel else codename)
        yield replace(suite, component=component) if component else suite


def _packages(
    session: Session, suite: SuiteSpec, files: tuple[Path, ...], *, look_inside: bool
) -> Iterator[BinaryPackage]:
    from katpkg.model.target import PackageFormat
    from katpkg.pipeline.files import files_in

    if not files:
        from katpkg.pipeline.publish import built_packages

        yield from built_packages(session.archive, suite.codename)
    elif suite.format is PackageFormat.RPM:
        from katpkg.packages.rpm.inspect import read_rpm

        yield from map(read_rpm, map(Path, files_in(files, suite.format.value)))
    else:
        from katpkg.packages.deb.inspect import read_debs

        yield from read_debs(files_in(files), session.reporter, look_inside=look_inside)
