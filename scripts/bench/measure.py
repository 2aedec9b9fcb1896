"""What a program and all its descendants cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MEGABYTE = 1_000_000
PAUSE = 0.02
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one run, or the middle of several."""

    cpu: float
    """Seconds, user and system, of all processes."""
    wall: float
    """Seconds."""
    largest: float
    """Megabytes that the largest process held at its peak."""
    together: float
    """Megabytes that all processes held at once at the peak; what they share counts each time."""


def measure(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], log: Path) -> Cost:
    """Run ``command`` to its end, with its output in ``log``. Raises RuntimeError when it fails."""
    together = 0
    began = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
            together = max(together, sum(map(_resident, _family(child.pid))))
            time.sleep(PAUSE)
    wall = time.monotonic() - began
    _, status, usage = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed, see {log}:\n{log.read_text()[-2000:]}")
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        largest=usage.ru_maxrss * 1024 / MEGABYTE,
        together=together / MEGABYTE,
    )


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        cpu=median(cost.cpu for cost in costs),
        wall=median(cost.wall for cost in costs),
        largest=median(cost.largest for cost in costs),
        together=median(cost.together for cost in costs),
    )


def _family(pid: int) -> Iterator[int]:
    """The process and its descendants, as far as they still live."""
    yield pid
    for child in _children(pid):
        yield from _family(child)


def _children(pid: int) -> list[int]:
    try:
        lists = [listed.read_text() for listed in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile
        return []
    return [int(child) for listed in lists for child in listed.split()]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
