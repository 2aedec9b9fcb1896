"""Narration on stderr: what is being done, how far it is, and what came of it. Results go to stdout, not here."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

WIDTH_OF_LOGS = 160


class Meter(Protocol):
    """How far one piece of work is."""

    def advance(self, amount: float = 1, *, label: str | None = None) -> None:
        """``amount`` more is done; ``label`` says what is in hand now."""


class Reporter(Protocol):
    """Who is told. Always passed in, never None: ``Quiet`` is the null object. Safe to call from threads."""

    def step(self, title: str) -> None:
        """A new stage begins."""

    def note(self, text: str) -> None:
        """Something worth knowing happened."""

    def detail(self, text: str) -> None:
        """Something worth knowing with ``-v`` only."""

    def warning(self, text: str) -> None:
        """Something is not wrong yet."""

    def progress(self, title: str, total: float) -> AbstractContextManager[Meter]:
        """A context manager that yields a Meter for ``total`` units of work."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A summary that a person wants to read."""


class Quiet:
    """Tells nobody."""

    def step(self, title: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def detail(self, text: str) -> None:
        """Nothing."""

    def warning(self, text: str) -> None:
        """Nothing."""

    @contextmanager
    def progress(self, title: str, total: float) -> Iterator[Meter]:  # noqa: ARG002
        """A meter that nobody reads."""
        yield _NoMeter()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Nothing."""


class _NoMeter:
    def advance(self, amount: float = 1, *, label: str | None = None) -> None:
        pass


class Terminal:
    """A person at a terminal, or a log file: bars only where something can redraw them, colour as NO_COLOR allows."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._console = Console(file=stream or sys.stderr, highlight=False, soft_wrap=True)
        if not self._console.is_terminal:
            self._console.width = WIDTH_OF_LOGS
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
            yield _NoMeter()
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
