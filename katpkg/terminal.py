"""Narration for a person at a terminal, drawn by rich: loaded only when there is one, because that takes a while."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from katpkg.report import Meter, NoMeter


class Terminal:
    """A person at a terminal: bars that are drawn anew, and colour as NO_COLOR allows."""

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._verbose = verbose
        self._began = time.monotonic()

    def step(self, title: str) -> None:
        """A bold line with the time since start."""
        elapsed = time.monotonic() - self._began
        self._console.print(f"[bold]==>[/bold] {_plain(title)} [dim]({elapsed:.0f} s)[/dim]")

    def note(self, text: str) -> None:
        """An indented line."""
        self._console.print(f"    {_plain(text)}")

    def detail(self, text: str) -> None:
        """An indented line, dimmed, with ``-v`` only."""
        if self._verbose:
            self._console.print(f"    [dim]{_plain(text)}[/dim]")

    def warning(self, text: str) -> None:
        """A line that begins with ``warning:``."""
        self._console.print(f"[yellow]warning:[/yellow] {_plain(text)}")

    @contextmanager
    def progress(self, title: str, total: float) -> Iterator[Meter]:
        """A bar that goes when the work is done; nothing where a line cannot be drawn anew."""
        if not self._console.is_terminal:
            yield NoMeter()
            return
        columns = (
            TextColumn("    {task.description}"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bars:
            yield _Bar(bars, bars.add_task(_plain(title), total=max(total, 1)), title)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A ruled table."""
        table = Table(title=title, title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(_plain(cell) for cell in row))
        self._console.print(table, soft_wrap=False)


class _Bar:
    def __init__(self, bars: Progress, task: TaskID, title: str) -> None:
        self._bars = bars
        self._task = task
        self._title = title

    def advance(self, amount: float = 1, *, label: str | None = None) -> None:
        title = f"{self._title}: {label}" if label else self._title
        self._bars.update(self._task, advance=amount, description=_plain(title))


def _plain(text: str) -> str:
    """``text`` with nothing in it that the console would take for markup."""
    return text.replace("[", r"\[")
