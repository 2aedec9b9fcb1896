"""Narration: the same words at a terminal and in a log, plain where nobody can redraw, and never taken for markup."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

from katpkg.report import Plain, Quiet, Reporter
from katpkg.terminal import Terminal

Kind = Callable[..., Reporter]
both = pytest.mark.parametrize("kind", [Plain, Terminal])


def said(kind: Kind, tell: Callable[[Reporter], None], *, verbose: bool = False) -> str:
    stream = io.StringIO()
    tell(kind(stream, verbose=verbose))
    return stream.getvalue()


@both
def test_narration_is_plain_text_in_a_file(kind: Kind) -> None:
    def tell(reporter: Reporter) -> None:
        reporter.step("building")
        reporter.note("a [bold] name")
        reporter.warning("careful")
        with reporter.progress("packages", 2) as meter:
            meter.advance(label="kat-kinto")
            meter.advance()

    assert said(kind, tell).splitlines() == ["==> building (0 s)", "    a [bold] name", "warning: careful"]


@both
def test_a_long_line_stays_one(kind: Kind) -> None:
    assert said(kind, lambda reporter: reporter.note("word " * 100)).count("\n") == 1


@both
def test_details_are_for_those_who_asked(kind: Kind) -> None:
    assert said(kind, lambda reporter: reporter.detail("more")) == ""
    assert said(kind, lambda reporter: reporter.detail("more"), verbose=True) == "    more\n"


@both
def test_a_table_has_every_cell(kind: Kind) -> None:
    rows = [("kat-kinto", "built"), ("kat", "[kept]")]
    table = said(kind, lambda reporter: reporter.table("packages", ("package", "state"), rows))
    for word in ("packages", "package", "state", "kat-kinto", "built", "[kept]"):
        assert word in table


def test_a_table_in_a_log_has_its_columns_below_each_other() -> None:
    rows = [("kat-kinto", "built"), ("kat", "")]
    table = said(Plain, lambda reporter: reporter.table("packages", ("package", "state"), rows))
    assert table == "packages\n    package    state\n    kat-kinto  built\n    kat\n"


def test_at_a_terminal_a_bar_is_drawn_and_goes() -> None:
    script = (
        "import sys\nfrom katpkg.terminal import Terminal\n"
        "with Terminal(sys.stderr).progress('packages', 2) as meter: meter.advance(label='kat-kinto')"
    )
    shown = at_terminal(script)
    assert "packages: kat-kinto" in shown
    assert "50 %" in shown
    assert "\x1b[" in shown


def test_a_log_is_written_without_what_draws_at_a_terminal() -> None:
    script = (
        "import sys\nfrom katpkg.cli.environment import Session\n"
        "Session(start=None, json=False, verbose=False).reporter.note('a note')\n"
        "print('drawn' if 'rich' in sys.modules else 'plain')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("plain\n", "    a note\n")
    assert "drawn" in at_terminal(script)


def at_terminal(script: str) -> str:
    """What a terminal shows of a program."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        environment = {**os.environ, "TERM": "xterm"}
        subprocess.run([sys.executable, "-c", script], stderr=terminal, stdout=terminal, check=True, env=environment)
        os.set_blocking(ours, False)
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    return shown


def test_quiet_says_nothing_and_needs_no_condition() -> None:
    reporter = Quiet()
    reporter.step("a")
    reporter.note("b")
    reporter.detail("c")
    reporter.warning("d")
    reporter.table("e", (), ())
    with reporter.progress("f", 1) as meter:
        meter.advance(label="g")
