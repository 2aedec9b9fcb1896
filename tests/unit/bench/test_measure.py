"""What the benchmarks stand on: costs are those of a whole family of processes, and a missed target is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.bench.measure import Cost, measure, middle
from scripts.bench.tables import Target

BURN = "import time\nwhile time.process_time() < 0.4: pass\n"
HOLD = "import time; held = b'x' * 60_000_000; time.sleep(0.5)"
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def cost_of(tmp_path: Path, code: str) -> Cost:
    return measure([sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, log=tmp_path / "log")


def test_the_time_of_grandchildren_counts(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    assert cost_of(tmp_path, child).cpu >= 0.4


def test_memory_held_at_once_is_added_up(tmp_path: Path) -> None:
    start = f"subprocess.Popen([sys.executable, '-c', {HOLD!r}])"
    two = f"import subprocess, sys; [child.wait() for child in [{start}, {start}]]"
    cost = cost_of(tmp_path, two)
    assert 60 < cost.largest < 120 < cost.together


def test_a_build_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no wheels here"):
        cost_of(tmp_path, "raise SystemExit('no wheels here')")


def test_the_middle_is_not_moved_by_one_slow_round() -> None:
    costs = [Cost(cpu=cpu, wall=cpu, largest=1, together=1) for cpu in (2.0, 90.0, 2.2)]
    assert middle(costs).cpu == 2.2


@pytest.mark.parametrize(("found", "met"), [(0.5, True), (0.5001, False)])
def test_a_target_is_met_up_to_its_limit_and_no_further(found: float, met: bool) -> None:  # noqa: FBT001
    assert Target(what="CPU", limit=0.5, found=found, unit="x").is_met is met
