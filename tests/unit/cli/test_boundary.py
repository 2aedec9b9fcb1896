"""Where errors end: words, hint and exit code, once, and no traceback unless it is our own fault."""

from __future__ import annotations

import json

import click
import pytest

from katpkg.cli.boundary import Boundary
from katpkg.errors import FAMILIES, ConfigError, KatpkgError


def program(error: BaseException) -> Boundary:
    @click.group(cls=Boundary)
    @click.option("--json", "as_json", is_flag=True)
    def group(*, as_json: bool) -> None:
        pass

    @group.command
    def fail() -> None:
        raise error

    return group


def run(error: BaseException, *args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        program(error).main([*args, "fail"], prog_name="katpkg")
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize("family", FAMILIES)
def test_an_error_exits_with_the_code_of_its_family(
    family: type[KatpkgError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = family("it is broken", where="katpkg.toml: archive", hint="mend it", details="line 1\nline 2")
    assert run(error) == family.exit_code
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "error: it is broken",
        "   in: katpkg.toml: archive",
        " hint: mend it",
        "    | line 1",
        "    | line 2",
    ]
    assert said.out == ""


def test_errors_that_were_found_together_are_shown_together(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigError.together([ConfigError("one", where="a"), ConfigError("two", where="b")])
    assert run(error) == ConfigError.exit_code
    assert capsys.readouterr().err.splitlines() == ["error: one", "   in: a", "error: two", "   in: b"]


def test_a_program_gets_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run(ConfigError.together([ConfigError("one", where="a"), ConfigError("two")]), "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 1
    assert [each["message"] for each in said["errors"]] == ["one", "two"]
    assert said["errors"][0]["exit_code"] == ConfigError.exit_code


def test_a_bug_shows_a_traceback_and_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RuntimeError("oops")) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "this is a bug in katpkg" in said


def test_wrong_usage_is_clicks_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        program(RuntimeError()).main(["--no-such-option"], prog_name="katpkg")
    assert caught.value.code == 2
    assert "No such option" in capsys.readouterr().err
