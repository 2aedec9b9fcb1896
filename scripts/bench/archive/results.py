"""All that was measured in one run, and what was promised of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.bench.archive.bucket import Bucket
from scripts.bench.archive.client import Client
from scripts.bench.archive.large import Large
from scripts.bench.archive.rounds import Costs, exponent, series
from scripts.bench.archive.sizes import Sizes
from scripts.bench.archive.still import Still
from scripts.bench.archive.tools import APTLY, FTPARCHIVE, KATPKG, OPERATIONS, REPREPRO, REPREPRO_GZ, Tool
from scripts.bench.tables import Target

WITH_XZ = (REPREPRO, FTPARCHIVE)
NONE = math.nan
"""What was not measured; it meets no target."""

CPU = {
    ("plus", 10_000): ((APTLY, 0.2), *((tool, 0.06) for tool in WITH_XZ), (REPREPRO_GZ, 1.1)),
    ("plus", 50_000): ((APTLY, 0.06), *((tool, 0.015) for tool in WITH_XZ), (REPREPRO_GZ, 0.4)),
    ("create", 50_000): ((FTPARCHIVE, 0.5), (APTLY, 0.12)),
}
"""Parts of what the peers take."""
MEMORY = {("plus", 50_000): 64, ("create", 50_000): 160}
"""Megabytes of the largest process."""
GROWTH = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What one run found; None where something did not work."""

    numbers: tuple[int, ...]
    costs: Costs
    large: Large | None = None
    still: Still | None = None
    sizes: Sizes | None = None
    optimized: Sizes | None = None
    client: Client | None = None
    buckets: tuple[Bucket | None, ...] = ()

    @property
    def most(self) -> int:
        """Packages in the largest archive."""
        return max(self.numbers)


def judge(results: Results) -> list[Target]:
    """Every target, met or not. Those of a number of packages that was not asked for are left out."""
    return [*_local(results), *_large(results), *_buckets(results), *_rest(results)]


def _local(results: Results) -> Iterator[Target]:
    for (verb, number), peers in CPU.items():
        if number in results.numbers:
            for peer, limit in peers:
                ours, theirs = (_cpu(results, tool, verb, number) for tool in (KATPKG, peer))
                what = f"{OPERATIONS[verb]} at {number:,}, CPU against {peer.name}"
                yield Target(what=what, limit=limit, found=ours / theirs, unit="x")
    for (verb, number), limit in MEMORY.items():
        if number in results.numbers:
            cost = results.costs.get((KATPKG.name, verb, number))
            what = f"{OPERATIONS[verb]} at {number:,}, peak"
            yield Target(what=what, limit=limit, found=cost.largest if cost else NONE, unit="MB")
    for verb in ("plus", "rm"):
        what = f"growth of {OPERATIONS[verb]} from {min(results.numbers):,} to {results.most:,}, exponent"
        yield Target(what=what, limit=GROWTH, found=growth(results, KATPKG, verb), unit="")


def growth(results: Results, tool: Tool, verb: str) -> float:
    """The exponent, or NaN when not every number was measured."""
    found = series(results.costs, tool.name, verb)
    return exponent(found) if set(found) == set(results.numbers) else NONE


def _cpu(results: Results, tool: Tool, verb: str, number: int) -> float:
    cost = results.costs.get((tool.name, verb, number))
    return cost.cpu if cost else NONE


def _large(results: Results) -> Iterator[Target]:
    found = results.large
    ratio, reads = (found.katpkg.cpu / found.loop.cpu, found.reads) if found else (NONE, NONE)
    what = "20 packages of 60 MB, create"
    yield Target(what=f"{what}, CPU against copying and hashing in one pass", limit=1.35, found=ratio, unit="x")
    yield Target(what=f"{what}, reads of each byte", limit=1, found=reads, unit="")


def _buckets(results: Results) -> Iterator[Target]:
    for found in results.buckets:
        if found is None:
            yield Target(what="S3", limit=0, found=NONE, unit="")
            continue
        where = f"{found.server}, {found.number:,} packages"
        plus, aptly = found.plus.katpkg, found.plus.aptly
        yield Target(what=f"{where}, add one, requests", limit=12, found=found.unpatched.requests, unit="")
        yield Target(what=f"{where}, add one with pdiffs, requests", limit=16, found=plus.requests, unit="")
        yield Target(what=f"{where}, add one, LIST requests", limit=0, found=plus.lists, unit="")
        yield Target(what=f"{where}, add one, round trips in sequence", limit=5, found=plus.trips, unit="")
        yield Target(what=f"{where}, add one, wall against aptly", limit=0.2, found=plus.wall / aptly.wall, unit="x")
        yield Target(what=f"{where}, unchanged, wall", limit=0.8, found=found.still.katpkg.wall, unit="s")
        if create := found.create:
            ratio = create.katpkg.wall / create.aptly.wall
            yield Target(what=f"{where}, create, wall against aptly", limit=0.2, found=ratio, unit="x")
            idle = 32 - create.katpkg.peak
            yield Target(what=f"{where}, create, fewer than 32 in flight by", limit=0, found=idle, unit="")


def _rest(results: Results) -> Iterator[Target]:
    most = f"{results.most:,}"
    after = results.client.after / 1000 if results.client else NONE
    yield Target(what=f"apt-get update after one was added at {most}", limit=5, found=after, unit="KB")
    sizes, optimized = results.sizes, results.optimized
    yield Target(what=f"size of the xz index at {most}", limit=1.12, found=sizes.xz if sizes else NONE, unit="x")
    yield Target(what=f"size of the gz index at {most}", limit=1.02, found=sizes.gz if sizes else NONE, unit="x")
    best = max(optimized.xz, optimized.gz) if optimized else NONE
    yield Target(what=f"size after katpkg optimize at {most}", limit=1.01, found=best, unit="x")
    still = results.still
    what = f"unchanged publish at {most}"
    yield Target(what=f"{what}, writes", limit=0, found=still.writes if still else NONE, unit="")
    yield Target(what=f"{what}, signature checks", limit=1, found=still.checks if still else NONE, unit="")
    yield Target(what=f"{what}, wall", limit=0.3, found=still.cost.wall if still else NONE, unit="s")
    start = still.start.cpu * 1000 if still else NONE
    yield Target(what="katpkg --version, CPU", limit=60, found=start, unit="ms")
