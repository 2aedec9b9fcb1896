"""Cases: a campaign is made of them; each is one thing that goes wrong, and what must be true all the same."""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tests.fault.ground import Wrong

SEED = "KATPKG_FAULT_SEED"

Any = TypeVar("Any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault at one point. ``play`` gets an empty directory, and returns in words what came of it. Raises Wrong."""

    name: str
    play: Callable[[Path], Iterable[str]]


def seed() -> str:
    """What the choice of a sample depends on: the date, or what the environment says."""
    return os.environ.get(SEED) or datetime.now(UTC).date().isoformat()


def sample(each: Sequence[Any], number: int, what: str) -> list[Any]:
    """``number`` of ``each``: other ones every day, and the same ones again for the same seed."""
    chosen = random.Random(f"{seed()} {what}").sample(range(len(each)), min(number, len(each)))
    return [each[index] for index in sorted(chosen)]


def play_all(title: str, cases: Sequence[Case], *, workers: int = 2) -> list[str]:
    """Play ``cases``, say on stderr how they went, and return what went wrong."""
    began, outcomes, wrongs = time.monotonic(), Counter[str](), []
    with ThreadPoolExecutor(workers) as threads:
        for case, (words, wrong) in zip(cases, threads.map(_play, cases), strict=True):
            outcomes.update(words)
            if wrong:
                wrongs.append(f"{case.name}: {wrong}")
                logging.error("WRONG %s", wrongs[-1])
    told = ", ".join(f"{count} x {word}" for word, count in sorted(outcomes.items()))
    seconds = time.monotonic() - began
    logging.info("%s: %s cases in %.0f s, %s wrong; %s", title, len(cases), seconds, len(wrongs), told)
    return wrongs


def _play(case: Case) -> tuple[list[str], str]:
    words: list[str] = []
    with tempfile.TemporaryDirectory(prefix="katpkg-fault-") as directory:
        try:
            words += case.play(Path(directory))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cases are played too
            return words, f"{type(error).__name__}: {error}" if not isinstance(error, Wrong) else str(error)
    return words, ""
