"""Fetch eleven artifacts with katpkg and copy the same bytes with curl, in turn, and compare.

curl is told where storage has them; katpkg finds the run, asks for each address, and verifies what comes. Both work in
memory, so that no disk is part of it. The exit status is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from katpkg.pipeline.fetch import PARALLEL
from scripts.bench import page
from scripts.bench.fetch.served import NUMBER, SIZE, TOKEN
from scripts.bench.measure import Cost, measure, middle
from scripts.bench.tables import TARGET_COLUMNS, Target, show_table

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
COLUMNS = ("", "wall s", "x curl", "CPU s", "MB")
KATPKG, LOCKED, CURL = "katpkg fetch", "katpkg fetch --locked, again", "curl --parallel"
JUDGED = "on a line of 1 Gbit/s"
LINES = {JUDGED: 125e6, "without a limit": 0.0}
"""Bytes a second; 0 is as fast as the loopback goes."""

AT_ONCE = ("--parallel", "--parallel-immediate", "--parallel-max", str(PARALLEL))
"""curl would wait for the first to tell whether one connection is enough."""

Costs = Mapping[str, Cost]


def main() -> None:
    """Measure on each line, judge, and show or write it."""
    parser = argparse.ArgumentParser(prog="make bench-fetch", description="compare katpkg fetch with curl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    arguments = parser.parse_args()
    found = {line: compare(line, rate, arguments.rounds) for line, rate in LINES.items()}
    figures = [row for line, costs in found.items() for row in rows(line, costs)]
    targets = judge(found[JUDGED])
    judged = [target.row() for target in targets]
    show_table(COLUMNS, figures)
    show_table(TARGET_COLUMNS, judged)
    if arguments.write:
        said = f"{page.machine(['curl'])}Medians of {arguments.rounds} rounds.\n\n"
        page.write("fetching", f"{said}{page.markdown(COLUMNS, figures)}\n{page.markdown(TARGET_COLUMNS, judged)}")
    if not all(target.is_met for target in targets):
        raise SystemExit(1)


def compare(line: str, rate: float, rounds: int) -> Costs:
    """Fetch and copy in turn, ``rounds`` times, each time from nothing."""
    costs: dict[str, list[Cost]] = {CURL: [], KATPKG: [], LOCKED: []}
    with tempfile.TemporaryDirectory(prefix="katpkg-bench-", dir=MEMORY) as path, served(Path(path), rate):
        for number in range(1, rounds + 1):
            print(f"==> {line}, round {number} of {rounds}", file=sys.stderr)
            for name, cost in zip(costs, _round(Path(path)), strict=True):
                print(f"    {name}: {cost.wall:.2f} s, {cost.cpu:.2f} CPU s", file=sys.stderr)
                costs[name].append(cost)
    return {name: middle(each) for name, each in costs.items()}


@contextmanager
def served(directory: Path, rate: float) -> Iterator[None]:
    """Within it, a GitHub has what the definition in ``directory`` needs."""
    command: list[str | Path] = [sys.executable, "-m", "scripts.bench.fetch.served", directory, "--rate", str(rate)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None  # noqa: S101
        assert server.stdout is not None  # noqa: S101
        server.stdout.readline()
        yield
        server.stdin.close()


def _round(directory: Path) -> Iterator[Cost]:
    copies = directory / "copies"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    curl: list[str | Path] = ["curl", "--silent", "--fail", *AT_ONCE, "--config", "../curl.conf"]
    yield _measured(curl, copies)
    shutil.rmtree(directory / "build", ignore_errors=True)
    (directory / "katpkg.lock").unlink(missing_ok=True)
    katpkg: list[str | Path] = [sys.executable, "-m", "katpkg", "-C", directory, "fetch"]
    yield _measured(katpkg, ROOT)
    kept = sorted((directory / "build" / "cache").rglob("*"))
    if [path.stat().st_size for path in kept if path.is_file()] != [SIZE] * NUMBER:
        raise RuntimeError(f"not everything was fetched: {kept}")
    yield _measured([*katpkg, "--locked"], ROOT)


def _measured(command: list[str | Path], cwd: Path) -> Cost:
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "GITHUB_TOKEN": TOKEN}
    with tempfile.NamedTemporaryFile(prefix="katpkg-bench-") as log:
        return measure(command, cwd=cwd, env=env, log=Path(log.name))


def judge(costs: Costs) -> list[Target]:
    """What was promised, against curl."""
    ours, again, theirs = costs[KATPKG], costs[LOCKED], costs[CURL]
    return [
        Target(what="time of a fetch", limit=1.3, found=ours.wall / theirs.wall, unit="x"),
        Target(what="memory of a fetch", limit=150, found=ours.together, unit="MB"),
        Target(what="time of the second fetch", limit=1, found=again.wall, unit="s"),
    ]


def rows(line: str, costs: Costs) -> list[list[str]]:
    """The figures of one line, with the time as a multiple of curl's."""
    wall = costs[CURL].wall
    return [
        [f"{name}, {line}", f"{each.wall:.2f}", f"{each.wall / wall:.2f}", f"{each.cpu:.2f}", f"{each.together:.0f}"]
        for name, each in costs.items()
    ]


if __name__ == "__main__":
    main()
