"""Narration: on its own stream, plain where nobody can redraw, and never taken for markup."""

from __future__ import annotations

import io

from katpkg.report import Quiet, Terminal


def test_narration_is_plain_text_in_a_file() -> None:
    stream = io.StringIO()
    reporter = Terminal(stream)
    reporter.step("building")
    reporter.note("a [bold] name")
    reporter.warning("careful")
    with reporter.progress("packages", 2) as meter:
        meter.advance(label="kat-kinto")
        meter.advance()
    said = stream.getvalue()
    assert "==> building" in said
    assert "a [bold] name" in said
    assert "warning: careful" in said
    assert "\x1b" not in said


def test_details_are_for_those_who_asked() -> None:
    brief, verbose = io.StringIO(), io.StringIO()
    Terminal(brief).detail("more")
    Terminal(verbose, verbose=True).detail("more")
    assert "more" not in brief.getvalue()
    assert "more" in verbose.getvalue()


def test_a_table_has_every_cell() -> None:
    stream = io.StringIO()
    Terminal(stream).table("packages", ("package", "state"), [("kat-kinto", "built"), ("kat", "[kept]")])
    for word in ("packages", "kat-kinto", "built", "[kept]"):
        assert word in stream.getvalue()


def test_quiet_says_nothing_and_needs_no_condition() -> None:
    reporter = Quiet()
    reporter.step("a")
    reporter.note("b")
    reporter.detail("c")
    reporter.warning("d")
    reporter.table("e", (), ())
    with reporter.progress("f", 1) as meter:
        meter.advance(label="g")
