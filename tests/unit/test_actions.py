"""What a runner of GitHub Actions is told: groups, annotations, a summary; and nothing that others could slip in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from katpkg.actions import GitHubActions, harmless


class Log:
    def __init__(self, summary: Path | None = None, *, verbose: bool = False) -> None:
        self.stream = io.StringIO()
        self.reporter = GitHubActions(self.stream, summary, verbose=verbose)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def test_a_step_is_a_group_and_ends_the_one_before() -> None:
    log = Log()
    log.reporter.step("fetching")
    log.reporter.note("web")
    log.reporter.step("building")
    assert log.lines == ["::group::fetching (0 s)", "    web", "::endgroup::", "::group::building (0 s)"]


def test_a_warning_of_several_lines_is_one_annotation() -> None:
    log = Log()
    log.reporter.warning("100% wrong\nreally")
    assert log.lines == ["::warning title=katpkg::100%25 wrong%0Areally"]


def test_a_table_stands_outside_of_groups_and_in_the_summary(tmp_path: Path) -> None:
    log = Log(tmp_path / "summary.md")
    log.reporter.step("building")
    log.reporter.table("packages", ("name", "sha256"), [("a|b", "<script>"), ("c`d", "x\ny")])
    assert log.lines[1:4] == ["::endgroup::", "packages", "    name  sha256"]
    assert (tmp_path / "summary.md").read_text() == (
        "### packages\n\n| name | sha256 |\n| --- | --- |\n| a\\|b | &lt;script&gt; |\n| c\\`d | x y |\n\n"
    )


def test_a_summary_grows_with_each_table(tmp_path: Path) -> None:
    log = Log(tmp_path / "summary.md")
    for title in ("one", "two"):
        log.reporter.table(title, ("name",), [])
    assert [line for line in (tmp_path / "summary.md").read_text().splitlines() if line[:3] == "###"] == [
        "### one",
        "### two",
    ]


def test_a_summary_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.reporter.table("packages", ("name",), [("web",)])
    assert log.lines == ["packages", "    name", "    web"]


def test_details_come_with_v_only() -> None:
    quiet, loud = Log(), Log(verbose=True)
    for log in (quiet, loud):
        log.reporter.detail("small print")
    assert (quiet.lines, loud.lines) == ([], ["    small print"])


@pytest.mark.parametrize("said", ["::set-output name=x::y", "a\n  ::add-mask::b", "a ##[set-env name=PATH;]evil"])
def test_what_others_wrote_is_no_command(said: str) -> None:
    found = harmless(said)
    assert not any(line.lstrip().startswith("::") for line in found.splitlines())
    assert "##[" not in found


def test_no_name_becomes_a_command_in_the_log(tmp_path: Path) -> None:
    log = Log(tmp_path / "summary.md")
    evil = "x\n::stop-commands::y"
    log.reporter.step(evil)
    log.reporter.note(evil)
    log.reporter.warning(evil)
    log.reporter.table(evil, (evil,), [(evil,)])
    commands = [line.strip().partition("::")[2].partition(" ")[0] for line in log.lines if line.strip()[:2] == "::"]
    assert [each.partition("::")[0] for each in commands] == ["group", "warning", "endgroup"]
