"""What was measured, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.bench import page
from scripts.bench.archive.bucket import Bucket, Pair, Traffic
from scripts.bench.archive.results import Results, growth
from scripts.bench.archive.tools import OPERATIONS, TOOLS, Tool
from scripts.bench.tables import TARGET_COLUMNS, Target, show_table

TRAFFIC_COLUMNS = ("server, packages, what", "tool", "wall s", "CPU s", "requests", "round trips", "in flight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Words and figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def show(self) -> None:
        """Print it."""
        show_table(self.columns, self.rows)

    def as_markdown(self) -> str:
        """For the page."""
        return page.markdown(self.columns, self.rows)


def tables(results: Results, targets: Sequence[Target]) -> list[Table]:
    """All of them, the targets first."""
    return [
        Table(columns=TARGET_COLUMNS, rows=[target.row() for target in targets]),
        *(_costs(results, verb) for verb in OPERATIONS),
        Table(columns=TRAFFIC_COLUMNS, rows=[row for found in results.buckets if found for row in _traffic(found)]),
    ]


def _costs(results: Results, verb: str) -> Table:
    columns = [f"{OPERATIONS[verb]}: CPU s at", *(f"{number:,}" for number in results.numbers), "peak MB", "exponent"]
    return Table(columns=columns, rows=[_cost_row(results, tool, verb) for tool in TOOLS])


def _cost_row(results: Results, tool: Tool, verb: str) -> list[str]:
    costs = [results.costs.get((tool.name, verb, number)) for number in results.numbers]
    largest = costs[results.numbers.index(results.most)]
    return [
        tool.name,
        *(f"{cost.cpu:.2f}" if cost else "-" for cost in costs),
        f"{largest.largest:.0f}" if largest else "-",
        f"{growth(results, tool, verb):.2f}",
    ]


def _traffic(found: Bucket) -> Iterator[list[str]]:
    where = f"{found.server}, {found.number:,}"
    if found.create:
        yield from _pair(f"{where}, create", found.create)
    yield _row(f"{where}, add one without pdiffs", "katpkg", found.unpatched)
    yield from _pair(f"{where}, add one", found.plus)
    yield from _pair(f"{where}, unchanged", found.still)


def _pair(what: str, pair: Pair) -> Iterator[list[str]]:
    yield _row(what, "katpkg", pair.katpkg)
    yield _row(what, "aptly", pair.aptly)


def _row(what: str, tool: str, found: Traffic) -> list[str]:
    counts = (found.requests, found.trips, found.peak)
    return [what, tool, f"{found.wall:.2f}", f"{found.cpu:.2f}", *map(str, counts)]
