"""``katpkg build``: from artifacts to packages that are fit to be published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import chosen_targets, dry_run_option, target_option
from katpkg.cli.suites import store_of

if TYPE_CHECKING:
    from katpkg.pipeline.build import Wish
    from katpkg.pipeline.make import Checks, Workshop
    from katpkg.pipeline.yard import Outcome, Yard
    from katpkg.sources.lock import Lock


@click.command
@click.argument("modules", nargs=-1)
@target_option
@click.option("--locked", is_flag=True, help="Refuse to look for artifacts: katpkg.lock must be there.")
@click.option(
    "--render-only",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the source trees to DIR and stop there.",
)
@click.option(
    "--gather",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Take over the packages below DIR that other machines built from the same lock.",
)
@click.option("--check-reproducible", is_flag=True, help="Build everything twice, elsewhere, and compare.")
@click.option("--no-lintian", is_flag=True, help="Do not ask lintian.")
@click.option(
    "--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="How many builds at once; default: one a core."
)
@dry_run_option
@click.pass_obj
def build(
    session: Session,
    modules: tuple[str, ...],
    *,
    targets: tuple[str, ...],
    locked: bool,
    render_only: Path | None,
    gather: Path | None,
    check_reproducible: bool,
    no_lintian: bool,
    jobs: int | None,
    dry_run: bool,
) -> None:
    """Build packages of the artifacts that katpkg.lock names.

    For MODULES (default: all). Without katpkg.lock the artifacts are looked up first, as `katpkg fetch` does. A
    package that was built or published from equal inputs is not built again; from other inputs at the same upstream
    version it gets the next revision.
    """
    from katpkg.pipeline import build as pipeline
    from katpkg.pipeline.fetch import check_modules
    from katpkg.pipeline.make import Checks
    from katpkg.repository.keys import PublicKey

    project = session.project
    check_modules(project, modules)
    wish = pipeline.Wish(
        targets=chosen_targets(project, targets), modules=modules, key=PublicKey.read(project.signing.public_key)
    )
    lock = _lock(session, locked=locked)
    shop = workshop_of(session, Checks(lintian=not no_lintian, reproducible=check_reproducible))
    if render_only is not None:
        _render(session, shop, lock, wish, render_only)
        return
    yard = yard_of(session, wish, jobs or session.cores)
    if gather is not None:
        _gather(session, gather, yard)
    session.reporter.step("planning packages" if dry_run else "building packages")
    _report(session, pipeline.build(wish, shop, lock, yard, yard.plan if dry_run else yard.run))


def _lock(session: Session, *, locked: bool) -> Lock:
    from katpkg.pipeline.fetch import fetch
    from katpkg.sources.lock import need_lock, read_lock

    file = session.project.lock_file
    return need_lock(file) if locked else read_lock(file) or fetch(session.intake(), ())


def workshop_of(session: Session, checks: Checks) -> Workshop:
    """All that builds of this definition share."""
    from katpkg.model.target import PackageFormat
    from katpkg.packages.deb.builder import DebBuilder
    from katpkg.packages.rpm.builder import RpmBuilder
    from katpkg.packages.templates import Templates
    from katpkg.pipeline.make import Workshop
    from katpkg.sources.cache import Cache

    project = session.project
    templates = Templates(session.templates)
    return Workshop(
        project=project,
        source=session.intake().source,
        cache=Cache(project.build.cache),
        templates=templates,
        builders={
            PackageFormat.DEB: DebBuilder(templates, project.build.compression),
            PackageFormat.RPM: RpmBuilder(templates, project.packages, project.build.compression),
        },
        checks=checks,
        reporter=session.reporter,
    )


def yard_of(session: Session, wish: Wish, cores: int) -> Yard:
    """Where the packages of ``wish`` are made, or found made."""
    from katpkg.model.target import PackageFormat
    from katpkg.pipeline.built import BuildDirectory
    from katpkg.pipeline.published import PublishedDebs, PublishedRelease, PublishedRpms
    from katpkg.pipeline.yard import Yard
    from katpkg.repository.signing import GpgVerifier

    project = session.project
    store, verifier = store_of(session), GpgVerifier(wish.key)
    published: dict[PackageFormat, type[PublishedRelease]]
    published = {each.format: each for each in (PublishedDebs, PublishedRpms)}
    formats = {target.codename: target.release.format for target in wish.targets}
    return Yard(
        releases={name: published[each](project, name, store, verifier) for name, each in formats.items()},
        directories={name: BuildDirectory(project.build.directory, name, each) for name, each in formats.items()},
        cores=cores,
        reporter=session.reporter,
    )


def _render(session: Session, shop: Workshop, lock: Lock, wish: Wish, into: Path) -> None:
    from katpkg.pipeline.build import render

    trees = render(wish, shop, lock, into)
    session.reporter.note("build one by hand: cd into it and run dpkg-buildpackage -b -us -uc, or what its .spec says")
    session.result([str(tree) for tree in trees], trees=trees)


def _gather(session: Session, root: Path, yard: Yard) -> None:
    from katpkg.pipeline.gather import gather

    gather(root, yard.directories, session.reporter)


def _report(session: Session, outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "package": outcome.package,
            "version": outcome.version,
            "target": str(outcome.target),
            "state": outcome.state.value,
            "bytes": outcome.built.digest.size if outcome.built else None,
            "path": str(session.project.build.directory / outcome.target.codename / outcome.built.filename)
            if outcome.built
            else None,
        }
        for outcome in outcomes
    ]
    columns = ("package", "version", "target", "state", "bytes")
    session.reporter.table("packages", columns, [[str(row[name] or "") for name in columns] for row in rows])
    session.result([str(row["path"]) for row in rows if row["path"]], packages=rows)
