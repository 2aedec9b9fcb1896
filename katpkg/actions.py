"""Narration for a log of GitHub Actions: groups that fold, annotations, and a summary of the step."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from katpkg.report import Meter, NoMeter

END = "::endgroup::"


class GitHubActions:
    """A runner's log. ``summary`` is the file whose Markdown GitHub shows beside it, if there is one."""

    def __init__(self, stream: TextIO, summary: Path | None = None, *, verbose: bool = False) -> None:
        self._stream = stream
        self._summary = summary
        self._verbose = verbose
        self._began = time.monotonic()
        self._is_open = False

    def step(self, title: str) -> None:
        """A group that can be folded, with the time since start; it ends the one before."""
        self._close()
        self._say(f"::group::{escaped(title)} ({time.monotonic() - self._began:.0f} s)")
        self._is_open = True

    def note(self, text: str) -> None:
        """An indented line."""
        self._say(harmless(f"    {text}"))

    def detail(self, text: str) -> None:
        """An indented line, with ``-v`` only."""
        if self._verbose:
            self.note(text)

    def warning(self, text: str) -> None:
        """An annotation of the run."""
        self._say(f"::warning title=katpkg::{escaped(text)}")

    @contextmanager
    def progress(self, title: str, total: float) -> Iterator[Meter]:  # noqa: ARG002
        """Nothing: a line cannot be drawn anew."""
        yield NoMeter()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Outside of any group, and in the step's summary."""
        self._close()
        every = [tuple(columns), *map(tuple, rows)]
        widths = [max(map(len, column)) for column in zip(*every, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in every)
        self._say(harmless("\n".join((title, *(f"    {line}" for line in lines)))))
        if self._summary is not None:
            with suppress(OSError), self._summary.open("a", encoding="utf-8") as file:  # what is lost is a picture
                file.write(_markdown(title, columns, rows))

    def _close(self) -> None:
        if self._is_open:
            self._say(END)
            self._is_open = False

    def _say(self, text: str) -> None:
        self._stream.write(f"{text}\n")  # one write: threads' lines do not mix
        self._stream.flush()


def escaped(text: str) -> str:
    """``text`` as the message of a workflow command: several lines in one."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def harmless(text: str) -> str:
    """``text`` in which the runner finds no command: what others wrote must not set a variable or stop a mask."""
    return re.sub(r"^(\s*)::", r"\1: :", text, flags=re.MULTILINE).replace("##[", "# #[")


def _markdown(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    every = [columns, ["---"] * len(columns), *rows]
    lines = (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in every)
    return "\n".join((f"### {_cell(title)}", "", *lines, "", ""))


def _cell(text: str) -> str:
    return re.sub(r"([\\`*_|\[\]])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
