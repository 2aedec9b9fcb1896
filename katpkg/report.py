"""Narration on stderr: what is being done, how far it is, and what came of it. Results go to stdout, not here.

Here are those that need nothing but a stream; ``terminal`` has the one that draws.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


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


class NoMeter:
    """Nobody reads it."""

    def advance(self, amount: float = 1, *, label: str | None = None) -> None:
        """Nothing."""


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
        yield NoMeter()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Nothing."""


class Plain:
    """A log file: the same words as at a terminal, a line each, and nothing that is drawn anew."""

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self._stream = stream
        self._verbose = verbose
        self._began = time.monotonic()

    def step(self, title: str) -> None:
        """A line with the time since start."""
        self._say(f"==> {title} ({time.monotonic() - self._began:.0f} s)")

    def note(self, text: str) -> None:
        """An indented line."""
        self._say(f"    {text}")

    def detail(self, text: str) -> None:
        """An indented line, with ``-v`` only."""
        if self._verbose:
            self._say(f"    {text}")

    def warning(self, text: str) -> None:
        """A line that begins with ``warning:``."""
        self._say(f"warning: {text}")

    @contextmanager
    def progress(self, title: str, total: float) -> Iterator[Meter]:  # noqa: ARG002
        """Nothing: a line cannot be drawn anew."""
        yield NoMeter()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns that stand below each other."""
        every = [tuple(columns), *map(tuple, rows)]
        widths = [max(map(len, column)) for column in zip(*every, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in every)
        self._say("\n".join((title, *(f"    {line}" for line in lines))))

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")  # one write: threads' lines do not mix
        self._stream.flush()
