"""A quick start: a command loads what it needs and nothing that another needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
HEAVY = {"boto3", "debian", "gnupg", "jinja2", "rich", "uv"}

LOADED = """
import sys
from katpkg.cli import katpkg
try:
    katpkg()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded(*words: str) -> set[str]:
    """The modules that a call of the command line loads."""
    done = subprocess.run([sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stderr.splitlines()[-1].split())


def test_the_version_needs_the_front_door_alone() -> None:
    found = loaded("--version")
    assert not found & {*HEAVY, "dataclasses", "json", "subprocess", "tempfile", "tomllib", "traceback"}
    assert {each for each in found if each.startswith("katpkg.")} == {
        "katpkg.cli",
        "katpkg.cli.boundary",
        "katpkg.cli.environment",
        "katpkg.errors",
    }


@pytest.mark.parametrize("words", [("--help",), ("-C", "tests/demo", "config", "show")], ids=" ".join)
def test_what_is_heavy_waits_until_it_is_used(words: tuple[str, ...]) -> None:
    assert not loaded(*words) & HEAVY


def test_reading_katpkg_toml_loads_nothing_about_modules() -> None:
    script = """
import sys
from pathlib import Path
from katpkg.config.archive import load_archive
load_archive(Path("tests/demo"))
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(done.stdout.split()) & {"katpkg.model.module", "katpkg.config.project", "katpkg.config.checks"}


def test_what_fetches_loads_nothing_that_makes_packages_and_no_network_before_it_is_needed() -> None:
    script = "import sys, katpkg.pipeline.fetch; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(done.stdout.split()) & {*HEAVY, "katpkg.packages.contents", "packaging.tags", "sigstore", "urllib3"}


@pytest.mark.parametrize("format_", ["deb", "rpm"])
def test_what_publishes_reads_packages_and_knows_nothing_of_how_they_are_made(format_: str) -> None:
    needed = f"katpkg.cli.publish, katpkg.pipeline.commit, katpkg.packages.{format_}.inspect"
    script = f"import sys, {needed}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(done.stdout.split()) & {
        *HEAVY,
        "katpkg.model.module",
        "katpkg.model.package",
        "katpkg.packages.base",
    }


@pytest.mark.parametrize("words", [(), ("config",), ("key",), ("rpm",)], ids=" ".join)
def test_help_says_of_each_command_in_one_whole_line_what_it_is_for(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "katpkg", *words, "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    lines = said.partition("Commands:\n")[2].splitlines()
    assert lines
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize(("word", "status"), [("--version", 0), ("--nonsense", 2)])
def test_a_call_that_takes_nothing_apart_has_said_all_and_done_what_was_left_for_the_end(
    word: str, status: int
) -> None:
    script = f"""
import atexit, sys
from katpkg.__main__ import main
atexit.register(print, "let go")
sys.argv[1:] = ["{word}"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == status
    assert done.stdout.splitlines()[-1] == "let go"
    assert ("katpkg " in done.stdout) == (status == 0)
    assert ("No such option" in done.stderr) == (status == 2)
