"""What the benchmarks stand on: costs are those of a whole family of processes, and a missed target is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bench.measure import Cost, measure, middle
from scripts.bench.tables import Target
from tests.conftest import ROOT

BURN = "import time\nwhile time.process_time() < 0.4: pass\n"
HOLD = "import sys; held = b'x' * 60_000_000; print(flush=True); sys.stdin.read()"
TWO = """
import subprocess, sys, time
pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
two = [subprocess.Popen([sys.executable, "-c", sys.argv[1]], **pipe) for _ in range(2)]
for child in two:
    child.stdout.readline()
time.sleep(0.5)  # both hold it, for as long as twenty looks
for child in two:
    child.communicate()
"""
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
MEASURE = """
import sys
from pathlib import Path
from scripts.bench.measure import measure
cost = measure(sys.argv[1:], cwd=Path("/"), env={}, log=Path("/dev/null"))
print(cost.largest, cost.together)
"""


def cost_of(tmp_path: Path, code: str) -> Cost:
    return measure([sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, log=tmp_path / "log")


def test_the_time_of_grandchildren_counts(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    assert cost_of(tmp_path, child).cpu >= 0.4


def test_memory_held_at_once_is_added_up() -> None:
    # from a process of its own: a child's peak begins with that of who starts it, and a test run grows large
    own = [sys.executable, "-c", MEASURE, sys.executable, "-c", TWO, HOLD]
    done = subprocess.run(own, check=True, capture_output=True, text=True, cwd=ROOT)
    largest, together = map(float, done.stdout.split())
    assert 60 < largest < 120 < together


def test_a_build_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no wheels here"):
        cost_of(tmp_path, "raise SystemExit('no wheels here')")


def test_the_middle_is_not_moved_by_one_slow_round() -> None:
    costs = [Cost(cpu=cpu, wall=cpu, largest=1, together=1) for cpu in (2.0, 90.0, 2.2)]
    assert middle(costs).cpu == 2.2


@pytest.mark.parametrize(("found", "met"), [(0.5, True), (0.5001, False)])
def test_a_target_is_met_up_to_its_limit_and_no_further(found: float, met: bool) -> None:  # noqa: FBT001
    assert Target(what="CPU", limit=0.5, found=found, unit="x").is_met is met
