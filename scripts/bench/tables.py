"""Figures and targets as tables, for a terminal and for the page."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from scripts.bench import page
from scripts.bench.measure import Cost

COLUMNS = ("", "CPU s", "wall s", "largest process MB", "all processes MB", ".deb MB")
TARGET_COLUMNS = ("target", "wanted", "measured", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one way to build came to."""

    cost: Cost
    size: float
    """Megabytes of the .deb."""

    def row(self) -> list[str]:
        """As texts, in the order of COLUMNS."""
        cost = self.cost
        return [
            f"{cost.cpu:.1f}",
            f"{cost.wall:.1f}",
            f"{cost.largest:.0f}",
            f"{cost.together:.0f}",
            f"{self.size:.2f}",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was promised, and what came."""

    what: str
    limit: float
    found: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it is; what was not measured (NaN) is not."""
        return self.found <= self.limit

    def row(self) -> list[str]:
        """As texts."""
        found = f"{self.found:.3f}" if self.limit < 2 and self.found else f"{self.found:.0f}"
        measured = "not measured" if math.isnan(self.found) else f"{found} {self.unit}"
        return [self.what, f"<= {self.limit:g} {self.unit}", measured, "met" if self.is_met else "MISSED"]


def ratios(figures: Mapping[str, Figures]) -> list[list[str]]:
    """The first as a part of each other."""
    (name_of_ours, ours), *others = figures.items()
    return [
        [
            f"{name_of_ours} / {name}",
            f"{ours.cost.cpu / theirs.cost.cpu:.2f}x",
            f"{ours.cost.wall / theirs.cost.wall:.2f}x",
            f"{ours.cost.largest / theirs.cost.largest:.2f}x",
            f"{ours.cost.together / theirs.cost.together:.2f}x",
            f"{ours.size / theirs.size:.2f}x",
        ]
        for name, theirs in others
    ]


def rows_of(figures: Mapping[str, Figures]) -> list[list[str]]:
    """The table: each way to build, then the ratios."""
    return [[name, *each.row()] for name, each in figures.items()] + ratios(figures)


def show(figures: Mapping[str, Figures], targets: Sequence[Target]) -> None:
    """Print both tables."""
    show_table(COLUMNS, rows_of(figures))
    show_table(TARGET_COLUMNS, [target.row() for target in targets])


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose first column is words and whose others are figures."""
    table = Table()
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def as_markdown(figures: Mapping[str, Figures], targets: Sequence[Target]) -> str:
    """The same for the page."""
    return "\n".join(
        (
            page.markdown(COLUMNS, rows_of(figures)),
            page.markdown(TARGET_COLUMNS, [target.row() for target in targets]),
        )
    ).rstrip("\n")
