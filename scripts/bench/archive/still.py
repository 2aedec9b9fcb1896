"""What it costs when there is nothing to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.bench.archive.rounds import say
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import KATPKG, PROGRAM, cost
from scripts.bench.archive.trace import signature_checks, trace
from scripts.bench.measure import Cost, middle

STARTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """Publishing what is published."""

    cost: Cost
    writes: int
    """Files that were written, replaced or removed."""
    checks: int
    """Signatures that were checked."""
    start: Cost
    """Of ``katpkg --version``."""


def measure_still(scratch: Scratch, number: int, rounds: int) -> Still:
    """Publish one package twice into an archive of ``number``, which katpkg left."""
    say(f"{number:,} packages, an unchanged publish")
    KATPKG.run("plus", scratch, number)
    before = _tree(KATPKG.archive(scratch))
    costs = [KATPKG.call("plus", scratch, number) for _ in range(rounds)]
    after = _tree(KATPKG.archive(scratch))
    words = [scratch.packages(number), scratch.plus(), KATPKG.work(scratch)]
    lines = trace([KATPKG.driver, "plus", *words], scratch, ["execve"])
    return Still(
        cost=middle(costs),
        writes=len(dict(before.items() ^ after.items())),
        checks=signature_checks(lines),
        start=middle([cost([PROGRAM, "--version"], scratch, {}) for _ in range(STARTS)]),
    )


def _tree(root: Path) -> dict[Path, tuple[int, int, int]]:
    return {
        path: (found.st_ino, found.st_mtime_ns, found.st_size)
        for path in root.rglob("*")
        if path.is_file() and (found := path.stat())
    }
