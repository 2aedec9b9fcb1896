"""``katpkg plan``: what would be fetched, built and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import chosen_targets, target_option

if TYPE_CHECKING:
    from katpkg.model.source import Choice
    from katpkg.pipeline.plan import Planned
    from katpkg.sources.lock import Lock

COLUMNS = ("package", "version", "target", "fetch", "build", "publish")


@click.command
@click.argument("modules", nargs=-1)
@target_option
@click.option("--latest", is_flag=True, help="As if `katpkg fetch` came first; so it is when there is no katpkg.lock.")
@click.option("--tag", default="", metavar="TAG", help="The same, of that tag.")
@click.option("--branch", default="", metavar="BRANCH", help="The same, of the newest good run of that branch.")
@click.option("--matrix", is_flag=True, help="What can be built apart, as a matrix for GitHub Actions.")
@click.pass_obj
def plan(
    session: Session,
    modules: tuple[str, ...],
    *,
    targets: tuple[str, ...],
    latest: bool,
    tag: str,
    branch: str,
    matrix: bool,
) -> None:
    """Show what would be fetched, built and published.

    For MODULES (default: all), from katpkg.lock. Nothing is written.

    With --matrix it is one line of JSON, `{"include": [...]}`, with an entry for each package that a machine can build
    by itself: `katpkg build --locked MODULE --target TARGET`. What names other packages, and the keyring, is left to
    the job that publishes.
    """
    import json

    from katpkg.model.source import Choice
    from katpkg.pipeline import plan as pipeline

    choice = Choice(tag=tag, branch=branch)
    lock = _lock(session, choice, modules, latest=latest)
    plan = _plan(session, lock, modules, targets)
    if matrix:
        click.echo(json.dumps({"include": pipeline.matrix(plan)}))
        return
    rows = [_row(each) for each in plan]
    session.result([_line(row) for row in rows], packages=rows, matrix={"include": pipeline.matrix(plan)})
    session.reporter.table("plan", COLUMNS, [[_cell(row[name]) for name in COLUMNS] for row in rows])


def _lock(session: Session, choice: Choice, modules: tuple[str, ...], *, latest: bool) -> Lock:
    from katpkg.pipeline.fetch import check_modules, resolve
    from katpkg.sources.lock import read_lock

    check_modules(session.project, modules)
    lock = read_lock(session.project.lock_file)
    if lock is not None and not choice and not latest:
        return lock
    session.reporter.step("looking for artifacts")
    return resolve(session.intake(choice), modules)


def _plan(session: Session, lock: Lock, modules: tuple[str, ...], targets: tuple[str, ...]) -> list[Planned]:
    from katpkg.cli.build import workshop_of, yard_of
    from katpkg.pipeline import build
    from katpkg.pipeline.make import Checks
    from katpkg.pipeline.plan import planned
    from katpkg.repository.keys import PublicKey

    project = session.project
    key = PublicKey.read(project.signing.public_key)
    wish = build.Wish(targets=chosen_targets(project, targets), modules=modules, key=key)
    shop, yard = workshop_of(session, Checks()), yard_of(session, wish, session.cores)
    session.reporter.step("planning packages")
    return planned(project, lock, shop.cache, build.build(wish, shop, lock, yard, yard.plan))


def _row(planned: Planned) -> dict[str, Any]:
    outcome, artifact = planned.outcome, planned.artifact
    return {
        "package": outcome.package,
        "version": outcome.version,
        "target": str(outcome.target),
        "module": planned.module.name if planned.module else None,
        "artifact": artifact.name if artifact else None,
        "bytes": artifact.digest.size if artifact else None,
        "fetch": planned.must_fetch,
        "build": planned.must_build,
        "publish": planned.must_publish,
    }


def _line(row: dict[str, Any]) -> str:
    todo = [word for word in ("fetch", "build", "publish") if row[word]]
    return f"{row['package']} {row['version']} {row['target']}: {', '.join(todo) or 'nothing to do'}"


def _cell(value: object) -> str:
    return ("yes" if value else "-") if isinstance(value, bool) else str(value)
