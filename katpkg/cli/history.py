"""``katpkg history``: the states that a suite had, and what each changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from katpkg.cli.environment import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from katpkg.repository.history import Difference, Past


@click.command
@click.argument("suites", nargs=-1)
@click.option("--changes", is_flag=True, help="What each state added and removed; reads the indexes.")
@click.option("--last", type=click.IntRange(min=1), default=20, metavar="N", help="The N newest only; default: 20.")
@click.pass_obj
def history(session: Session, *, suites: tuple[str, ...], changes: bool, last: int) -> None:
    """List the states that SUITES had, the newest first.

    Default: all suites. Each state has the name that `katpkg rollback` takes; the first is what is published. One
    that `katpkg rollback` could not bring back says why. Needs no signing key.
    """
    from katpkg.cli.suites import chosen_suites, history_of, store_of, verifier_of

    store, verifier = store_of(session), verifier_of(session)
    rows: list[dict[str, Any]] = []
    for suite in chosen_suites(session, suites):
        past = history_of(suite)
        states = past.states(store, verifier, suite.name, last + changes)  # the one before the last, to compare with
        found = past.differences(store, states) if changes else iter([None] * len(states))
        rows += [_row(suite.name, *each) for each in list(zip(states, found, strict=True))[:last]]
    session.result([line for row in rows for line in _lines(row)], generations=rows)


def _row(suite: str, state: Past[Any], difference: Difference | None) -> dict[str, Any]:
    return {
        "suite": suite,
        "name": state.name,
        "date": f"{state.date:%Y-%m-%dT%H:%M:%SZ}",
        "current": state.is_current,
        "lost": state.lost or None,
        "added": list(difference.added) if difference else None,
        "removed": list(difference.removed) if difference else None,
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    told = "published now" if row["current"] else f"cannot be restored: {row['lost']}" if row["lost"] else ""
    yield f"{row['suite']}  {row['name']}  {row['date'][:16].replace('T', ' ')}  {told}".rstrip()
    yield from (f"    + {word}" for word in row["added"] or ())
    yield from (f"    - {word}" for word in row["removed"] or ())
