"""Every tool doing the same, in turn, several times."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import OPERATIONS, TOOLS, Tool, check
from scripts.bench.measure import Cost, middle

Costs = dict[tuple[str, str, int], Cost]
"""By tool, verb, and number of packages."""


def compare(scratch: Scratch, number: int, rounds: int, creations: int) -> Costs:
    """The costs at ``number`` packages. A tool that failed in one round has none.

    Whatever each created stays where it is.
    """
    costs: Costs = {}
    for verb in OPERATIONS:
        found: dict[str, list[Cost]] = {tool.name: [] for tool in TOOLS}
        wanted = creations if verb == "create" else rounds
        for count in range(1, wanted + 1):
            say(f"{number:,} packages, {OPERATIONS[verb]}, round {count}")
            for tool in TOOLS:
                if made := _attempt(tool, verb, scratch, number):
                    found[tool.name].append(made)
        costs |= {(name, verb, number): middle(each) for name, each in found.items() if len(each) == wanted}
    return costs


def exponent(costs: Mapping[int, float]) -> float:
    """By which power of the number of packages a cost grows, from the fewest to the most."""
    fewest, most = min(costs), max(costs)
    return math.log(costs[most] / costs[fewest]) / math.log(most / fewest) if most > fewest else math.nan


def series(costs: Costs, tool: str, verb: str) -> dict[int, float]:
    """CPU seconds by number of packages."""
    return {n: cost.cpu for (name, done, n), cost in costs.items() if (name, done) == (tool, verb)}


def say(what: str) -> None:
    """Tell what is going on."""
    print(f"==> {what}", file=sys.stderr, flush=True)


def unlucky(tool: str, error: Exception) -> None:
    """Tell what did not work: its rows will say so too."""
    print(f"    {tool}: {error}".strip()[:600], file=sys.stderr, flush=True)


def _attempt(tool: Tool, verb: str, scratch: Scratch, number: int) -> Cost | None:
    try:
        cost = tool.run(verb, scratch, number)
        check(tool, verb, scratch, number)
    except RuntimeError as error:
        unlucky(tool.name, error)
        return None
    print(f"    {tool.name}: {cost.cpu:.2f} CPU s, {cost.largest:.0f} MB", file=sys.stderr, flush=True)
    if verb == "create":
        tool.keep(scratch)
    return cost
