"""Pages of docs/ as tests read them: the files that they show, the commands that they give, the output they promise."""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scripts.lab.machine import Machine

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(?P<language>\w+) ?(?P<name>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
END = "end-of-command"
COMMAND = re.compile(r"^([$#]) (.*<<'END'\n(?:.*\n)*?END|.*)\n((?:(?![$#] ).*\n)*)", re.MULTILINE)
"""A prompt, a line (with its here-document), and what it prints."""

PROMISE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """A file that the reader writes."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that the reader gives: ``$`` as the one who makes the archive, ``#`` as root of a machine."""

    prompt: str
    line: str
    promised: str
    """What it prints, with ... for what differs; empty when the page does not show it."""

    def check(self, status: int, printed: str) -> None:
        """Raise AssertionError when it did not end as promised: well, unless an error is what the page shows."""
        told = f"{self.prompt} {self.line}\nstatus {status}\n{printed}"
        assert (status != 0) == self.promised.startswith("error:"), told
        fits = not self.promised or doctest.OutputChecker().check_output(self.promised, printed, PROMISE)
        assert fits, f"{told}\npromised:\n{self.promised}"


def steps(page: str) -> Iterator[Show | Command]:
    """What the reader of ``page`` does, in its order."""
    for block in BLOCK.finditer(page):
        if block["language"] == "console":
            yield from _commands(block["text"])
        elif block["language"] == "sh":
            yield Command(prompt="$", line=block["text"], promised="")
        elif block["name"]:
            assert f"`{block['name']}`" in page[: block.start()], f"{block['name']} is written, and nobody is told"
            yield Show(name=block["name"], text=block["text"])


def _commands(text: str) -> Iterator[Command]:
    assert text[:2] in ("$ ", "# "), f"no prompt: {text}"
    for prompt, line, promised in COMMAND.findall(text):
        yield Command(prompt=prompt, line=line, promised=promised)


class Reader:
    """Somebody who does what a page says, in a directory, with one shell that remembers; and with a machine, if the
    page has commands for root: the shell then shares its loopback.
    """

    def __init__(self, directory: Path, machine: Machine | None = None) -> None:
        self._directory = directory
        self._machine = machine

    def __enter__(self) -> Self:
        inside = ["nsenter", "-t", str(self._machine.leader), "-n"] if self._machine else []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KATPKG_")}
        path = f"{Path(sys.executable).parent}:{kept['PATH']}"
        self._shell = subprocess.Popen(
            [*inside, "bash", "--noprofile", "--norc"],
            cwd=self._directory,
            env={**kept, "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        for pipe in (self._shell.stdin, self._shell.stdout):  # not read to its end: a daemon may hold the other one
            assert pipe is not None
            pipe.close()
        self._shell.wait()

    def follow(self, page: Sequence[Show | Command]) -> None:
        """Do all of it. Raises AssertionError where the page promises something else than what comes."""
        for step in page:
            match step:
                case Show(name=name, text=text):
                    (self._directory / name).parent.mkdir(parents=True, exist_ok=True)
                    (self._directory / name).write_text(text)
                case Command(prompt="$", line=line):
                    step.check(*self._say(line))
                case Command(line=line):
                    assert self._machine is not None
                    done = self._machine.run("sh", "-c", f"exec 2>&1; {line}", check=False)
                    step.check(done.returncode, done.stdout)

    def _say(self, line: str) -> tuple[int, str]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{{ {line}\n}} </dev/null; echo {END} $?\n")
        self._shell.stdin.flush()
        printed = ""
        for heard in self._shell.stdout:
            before, found, status = heard.partition(END)
            printed += before
            if found:
                return int(status), printed
        raise AssertionError(f"the shell ended: {line}\n{printed}")


def archive_paths() -> list[re.Pattern[str]]:
    """What docs/reference/archive.md says about where things lie, its words in capitals standing for their values."""
    page = (ROOT / "docs" / "reference" / "archive.md").read_text()
    words = {word for row in re.findall(r"(?m)^\| ([A-Z, ]+) \|", page) for word in row.split(", ")}
    values = re.compile("|".join(sorted(words, key=len, reverse=True)))
    paths = re.findall(r"(?m)^\| `((?:pool|dists|rpm)/[^`]+)` \|", page)
    return [re.compile(values.sub("[^/]+", path.replace(".", r"\."))) for path in paths]


def archive_fields() -> set[str]:
    """The fields of InRelease and of a stanza that docs/reference/archive.md explains."""
    page = (ROOT / "docs" / "reference" / "archive.md").read_text()
    rows = re.findall(r"(?m)^\| ((?:`[A-Z][A-Za-z0-9-]+`(?:, )?)+) \|", page)
    return {field for row in rows for field in re.findall(r"`([^`]+)`", row)}
