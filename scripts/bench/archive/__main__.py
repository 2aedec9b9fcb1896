"""Publish with katpkg and with its peers, on disk and to S3, and hold it against what was promised.

The exit status is 1 when a target is missed. Other work on the machine disturbs times; the ratios of one run less.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from scripts.bench import page
from scripts.bench.archive.bucket import Bucket, measure_bucket
from scripts.bench.archive.client import measure_client
from scripts.bench.archive.figures import tables
from scripts.bench.archive.large import measure_large
from scripts.bench.archive.results import Results, judge
from scripts.bench.archive.rounds import compare, unlucky
from scripts.bench.archive.scratch import Scratch, scratch
from scripts.bench.archive.sizes import measure_sizes
from scripts.bench.archive.still import measure_still
from scripts.lab.s3 import S3Server, moto, seaweedfs

PACKAGES = ("apt", "apt-utils", "aptly", "reprepro", "gnupg")
Found = TypeVar("Found")
Server = Callable[[Path], AbstractContextManager[S3Server]]

BUCKETS: tuple[tuple[Server, int], ...] = ((moto, 1_000), (moto, 3_000), (seaweedfs, 1_000))


def main() -> None:
    """Measure, show, and judge."""
    arguments = _arguments()
    creations = arguments.creations or arguments.runs
    before = os.getloadavg()[0]
    with scratch(arguments.directory) as place:
        results = _measure(place, arguments.n, arguments.runs, creations)
    targets = judge(results)
    made = tables(results, targets)
    for table in made:
        table.show()
    if arguments.write:
        load = f"The load was {before:.1f} when it began and {os.getloadavg()[0]:.1f} when it ended."
        rounds = f"Medians of {arguments.runs} rounds; rounds of creating: {creations}."
        said = f"{page.machine(PACKAGES)}{rounds} {load}\n"
        page.write("archive", "\n".join((said, *(table.as_markdown() for table in made))).rstrip("\n"))
    if not all(target.is_met for target in targets):
        raise SystemExit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-archive", description="compare katpkg with aptly and others")
    parser.add_argument("--n", type=_numbers, default=(1_000, 10_000, 50_000), help="packages (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--creations", type=int, help="rounds of creating, which takes long (default: as the others)")
    parser.add_argument("--directory", type=Path, help="where to work, kept for the next time (default: in memory)")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(number) for number in text.split(",")))


def _measure(place: Scratch, numbers: tuple[int, ...], rounds: int, creations: int) -> Results:
    results = Results(numbers=numbers, costs={})
    for number in numbers:
        place.clear()
        results = replace(results, costs=results.costs | compare(place, number, rounds, creations))
    sizes, optimized = _try(lambda: measure_sizes(place, max(numbers))) or (None, None)
    results = replace(
        results,
        sizes=sizes,
        optimized=optimized,
        client=_try(lambda: measure_client(place, max(numbers))),
        still=_try(lambda: measure_still(place, max(numbers), rounds)),
    )
    place.clear()
    results = replace(results, large=_try(lambda: measure_large(place, rounds)))
    buckets = [_try(partial(_bucket, place, server, number, rounds)) for server, number in BUCKETS]
    return replace(results, buckets=tuple(buckets))


def _bucket(place: Scratch, server: Server, number: int, rounds: int) -> Bucket:
    place.clear()
    directory = place.work / "server"
    directory.mkdir()
    with server(directory) as up:
        return measure_bucket(place, up, _name(server), number, rounds)


def _name(server: Server) -> str:
    return str(getattr(server, "__name__", server))


def _try(measured: Callable[[], Found]) -> Found | None:
    """None when it does not work, and say why: the rest is measured all the same, and the targets of it are missed."""
    try:
        return measured()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        unlucky("katpkg", error)
        return None


if __name__ == "__main__":
    main()
