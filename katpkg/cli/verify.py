"""``katpkg verify``: what is wrong with a published archive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from katpkg.repository.apt.check.archive import Files
    from katpkg.repository.apt.check.findings import Finding, Report
    from katpkg.repository.apt.check.scope import Demands
    from katpkg.repository.apt.check.witness import Witness
    from katpkg.store.base import Store

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command
@click.argument("where", required=False)
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only this suite; may be given again.")
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=20,
    metavar="N",
    help="How many packages to read, the newest first; default: 20.",
)
@click.option("--all-files", is_flag=True, help="Read every package.")
@click.option(
    "--min-validity", type=Duration(), metavar="SPAN", help="How long clients must be able to rely on it: 10d, 36h."
)
@click.option(
    "--keyring",
    type=click.Path(path_type=Path),
    help="Whose signatures to accept, for archives of others; default: the definition's public key.",
)
@click.option("--insecure-http", is_flag=True, help="Read http:// from elsewhere than this machine.")
@click.option("--repair", is_flag=True, help="Write anew what can be derived, and verify again.")
@click.pass_obj
def verify(
    session: Session,
    *,
    where: str | None,
    suites: tuple[str, ...],
    sample: int,
    all_files: bool,
    min_validity: timedelta | None,
    keyring: Path | None,
    insecure_http: bool,
    repair: bool,
) -> int:
    """Look for everything that is wrong with an archive.

    It finds what apt would find, and more. WHERE is a directory, s3://BUCKET/PREFIX, or the https:// address that
    clients have; left out, the store of the definition. Nothing is read but the published files, so it can be
    anybody's archive.

    Nothing stops it: the report has all that was found. The exit status is 7 when there is an error in it. With
    --repair, copies and lost index files are written anew where the signed InRelease says what they were; packages and
    InRelease itself are never touched.
    """
    from dataclasses import replace

    from katpkg.repository.apt.check.scope import Demands

    if repair and (keyring or _is_web(where)):
        raise click.UsageError("--repair is for archives of ours, in a directory or a bucket")
    if keyring and _is_web(where) and not suites:
        raise click.UsageError("a web server does not tell which suites it has: give --suite")
    demands = replace(
        Demands() if keyring else _of_ours(session),
        is_ours=keyring is None,
        sample=None if all_files else sample,
        least_validity=min_validity or timedelta(),
    )
    files = _web(where, insecure_http=insecure_http) if where and _is_web(where) else _store(session, where, keyring)
    witness = _witness(session, keyring)
    report = _verify_all(session, files, witness, demands, suites)
    repaired = list(_repair(session, where, report)) if repair else []
    if repaired:
        report = _verify_all(session, files, witness, demands, suites)
    _show(session, report, files.where(""), repaired)
    return _status(report)


def _of_ours(session: Session) -> Demands:
    """How much of the past must be there."""
    from katpkg.repository.apt.check.scope import Demands

    retention = session.archive.retention
    return Demands(kept=retention.generations, kept_for=timedelta(hours=retention.generation_hours))


def _is_web(where: str | None) -> bool:
    return where is not None and where.startswith(("https://", "http://"))


def _web(url: str, *, insecure_http: bool) -> Files:
    from katpkg.store.web import WebStore

    return WebStore(url, insecure_http=insecure_http)


def _store(session: Session, where: str | None, keyring: Path | None = None) -> Store:
    """The directory or bucket at ``where``; a bucket of ours is reached as the definition says."""
    from katpkg.cli.suites import store_of
    from katpkg.store.open import NO_OPTIONS, open_store

    if where is None:
        return store_of(session)
    return open_store(where, NO_OPTIONS if keyring else session.archive.publish.s3)


def _witness(session: Session, keyring: Path | None) -> Witness:
    from katpkg.repository.apt.check.keyring import Keyring

    return Keyring.read(keyring or session.archive.signing.public_key)


def _verify_all(session: Session, files: Files, witness: Witness, demands: Demands, suites: tuple[str, ...]) -> Report:
    """Both kinds of repository; those of RPMs only in an archive of ours that can be listed."""
    from katpkg.cli.suites import verifier_of
    from katpkg.repository.apt.check.findings import together
    from katpkg.repository.rpm import check

    if not demands.is_ours or not isinstance(files, check.Whole):
        return _verify(session, files, witness, demands, suites)
    there = check.suites_in(files)
    wanted = [name for name in there if not suites or name in suites]
    rest = tuple(name for name in suites if name not in there)
    if wanted and ((suites and not rest) or not any(files.list("dists/"))):
        return check.verify(files, verifier_of(session), demands, wanted)
    report = _verify(session, files, witness, demands, rest)
    return together(report, check.verify(files, verifier_of(session), demands, wanted)) if wanted else report


def _verify(session: Session, files: Files, witness: Witness, demands: Demands, suites: tuple[str, ...]) -> Report:
    from katpkg.repository.apt.check.archive import Listable
    from katpkg.repository.apt.check.verify import verify as verify_archive

    names: Sequence[str] | None = suites or None
    if not isinstance(files, Listable):
        names = _published(session, files, suites)
    session.reporter.step(f"verifying {files.where('')}")
    return verify_archive(files, witness, session.clock(), demands, names)


def _published(session: Session, files: Files, suites: tuple[str, ...]) -> Sequence[str]:
    """The suites to look at where they cannot be listed. Raises StoreError when nobody is there to be asked."""
    from katpkg.cli.suites import every_suite

    names = suites or tuple(str(suite.name) for suite in every_suite(session))
    there = [name for name in names if any(files.look(f"dists/{name}/{file}") for file in ("InRelease", "Release"))]
    return suites or there or names


def _repair(session: Session, where: str | None, report: Report) -> Iterator[str]:
    """What was done to the suites of the definition that need it."""
    from dataclasses import replace

    from katpkg.cli.suites import every_suite, publishers
    from katpkg.errors import KatpkgError
    from katpkg.pipeline.repair import is_repairable, repair

    broken = {finding.suite for finding in report.findings if is_repairable(finding)}
    for suite in (each for each in every_suite(session) if each.name in broken):
        with publishers(session, single_publisher=False) as publisher_of:
            publisher = publisher_of(suite)
            try:
                for done in repair(replace(publisher, store=_store(session, where))):
                    session.reporter.note(done)
                    yield done
            except KatpkgError as error:
                session.reporter.warning(f"{suite.name} cannot be repaired: {error.message} ({error.where})")


def _show(session: Session, report: Report, where: str, repaired: Sequence[str]) -> None:
    columns = ("suite", "indexes", "packages", "errors", "warnings", "notes")
    if report.suites:
        session.reporter.table("verified", columns, list(_rows(report)))
    session.reporter.note(f"{report.files} package files were looked for, and {report.hashed} of them read")
    session.result(
        list(_lines(report)),
        archive=where,
        suites=[asdict(tally) for tally in report.suites],
        files=report.files,
        hashed=report.hashed,
        repaired=repaired,
        findings=[{**asdict(finding), "level": finding.level.value} for finding in report.findings],
    )


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    from katpkg.repository.apt.check.rules import Level

    for tally in report.suites:
        here = [finding.level for finding in report.findings if finding.suite == tally.suite]
        counts = [str(here.count(level)) for level in Level]
        yield (tally.suite, str(tally.indexes), str(tally.packages), *counts)


def _lines(report: Report) -> Iterator[str]:
    """The findings, those of a suite together, the worst first."""
    from katpkg.repository.apt.check.rules import Level

    for suite in dict.fromkeys([*(tally.suite for tally in report.suites), ""]):
        here = [finding for finding in report.findings if finding.suite == suite]
        if here:
            yield click.style(suite or "the archive", bold=True)
        for level in Level:
            for finding in here:
                if finding.level is level:
                    yield from _told(finding)
    if not report.findings:
        yield "nothing is wrong"


def _told(finding: Finding) -> Iterator[str]:
    level = click.style(f"{finding.level.value}:", fg=COLOURS[finding.level.value])
    yield f"  {level} {finding.what} [{finding.rule}]"
    if finding.where:
        yield f"     in: {finding.where}"
    yield f"   {click.style('hint:', fg='green')} {finding.hint}"


def _status(report: Report) -> int:
    from katpkg.errors import RepositoryError

    return 0 if report.is_whole else RepositoryError.exit_code
