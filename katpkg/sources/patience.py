"""How long to bear with a server that does not answer, or that asks us to wait."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.base import BrokenOff

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try, at most."""

SPREAD = 2.0
"""Seconds over which those come back who were all told to wait until the same moment."""

LONGEST = 900.0
"""Seconds that one piece of work waits altogether because it was told to; after that a person is told."""

Done = TypeVar("Done")


class Patience:
    """What is left of it for one piece of work."""

    def __init__(self, access: Access, reporter: Reporter) -> None:
        self._access = access
        self._reporter = reporter
        self._waited = 0.0
        self.renew()

    def renew(self) -> None:
        """The work got on: it may fail as often again."""
        self._pauses = iter(PAUSES)

    def go_on(self) -> None:
        """Raise BrokenOff when we are to stop."""
        self._access.go_on()

    def bear(self, error: BrokenOff) -> None:
        """Wait as ``error`` asks. Raises it when that is too long, or it came too often."""
        self._access.go_on()
        if error.wait:
            self._waited += error.wait
            if self._waited > LONGEST:
                raise error
            self._reporter.warning(f"{error.message}; going on in {error.wait:.0f} s")
            self._access.pause(error.wait + random.uniform(0, SPREAD))  # noqa: S311
            return
        longest = next(self._pauses, None)
        if longest is None:
            raise error
        self._access.pause(random.uniform(longest / 2, longest))  # noqa: S311  # so that not all come at once

    def insist(self, work: Callable[[], Done]) -> Done:
        """What ``work`` gives, which is done again when it breaks off. Raises what it raises."""
        while True:
            try:
                return work()
            except BrokenOff as error:
                self.bear(error)
