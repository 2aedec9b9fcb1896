"""What the benchmark of fetching stands on: a definition that is one, a line that is shared, and a fair judgement."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from katpkg.config.project import load_project
from scripts.bench.fetch.__main__ import CURL, KATPKG, LOCKED, judge
from scripts.bench.fetch.served import write_definition
from scripts.bench.measure import Cost
from tests.github.line import Line


def test_the_definition_that_is_fetched_is_one(tmp_path: Path) -> None:
    write_definition(tmp_path, "http://127.0.0.1:1", ["module0", "module1"])
    (modules,) = load_project(tmp_path).project.modules.values()
    assert [module.artifact.name for module in modules if module.artifact] == [
        "module0-{version}.bin",
        "module1-{version}.bin",
    ]


def test_what_goes_over_a_line_at_once_takes_as_long_as_one_after_the_other() -> None:
    line = Line(1e6)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(line.carry, [50_000] * 4))
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(("wall", "met"), [(1.3, True), (1.31, False)])
def test_a_fetch_may_take_a_third_longer_than_a_copy_and_no_more(wall: float, met: bool) -> None:  # noqa: FBT001
    def cost(wall: float) -> Cost:
        return Cost(cpu=1, wall=wall, largest=1, together=36)

    targets = judge({CURL: cost(1.0), KATPKG: cost(wall), LOCKED: cost(0.1)})
    assert [target.is_met for target in targets] == [met, True, True]
