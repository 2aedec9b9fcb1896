"""Changing a suite: plan, carry it out, and plan again when somebody else was quicker."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from katpkg.model.binary import BinaryPackage
from katpkg.report import Reporter
from katpkg.repository.base import Signer, Verifier
from katpkg.repository.publication import Phase, Publication
from katpkg.store.apply import Clock, Outpaced, apply
from katpkg.store.base import Store

PATIENCE = timedelta(minutes=15)
"""How long others may be quicker before we give up; at one commit a second that is nine hundred of them."""

LULL = 0.5
"""Seconds to wait at most before planning again, so that those who lost do not all come back at once."""


class Repository(Protocol):
    """One suite of an archive, whatever its format; what can be done to it is the format's own."""

    def adding(self, packages: Iterable[BinaryPackage]) -> object:
        """The change that publishes ``packages``. Raises RepositoryError when one may not be published here."""

    def plan(self, reader: Store, change: Any, signer: Signer, clock: Clock) -> Publication:  # noqa: ANN401
        """What ``change`` changes; empty when all is so already."""

    def copies(self, reader: Store, verifier: Verifier) -> Publication:
        """What brings the copies in line with the published state, whatever is there."""

    def state(self, reader: Store, verifier: Verifier) -> bytes | None:
        """What was committed last, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Changes one suite of an archive."""

    repository: Repository
    store: Store
    signer: Signer
    clock: Clock
    reporter: Reporter

    def plan(self, change: Any) -> Publication:  # noqa: ANN401
        """What ``change`` would write. Writes nothing."""
        return self.repository.plan(self.store, change, self.signer, self.clock)

    def publish(self, change: Any) -> Publication:  # noqa: ANN401
        """Make ``change``, and return what that wrote: nothing when all was so already, or copies that were missing.

        Raises RepositoryError, SigningError and StoreError; until the commit the archive is as it was.
        """
        end = self.clock() + PATIENCE
        while True:
            publication = self.plan(change)
            if not publication.of(Phase.COMMIT):
                if publication:
                    self.bring_copies_in_line()
                return publication
            self.store.probe()
            try:
                in_line = apply(publication, self.store, self.clock, self.reporter)
            except Outpaced:
                if self.clock() > end:
                    raise
                self.reporter.note("somebody else published meanwhile; planning again")
                time.sleep(random.uniform(0, LULL))  # noqa: S311
                continue
            if not in_line:
                self.bring_copies_in_line()
            return publication

    def bring_copies_in_line(self) -> None:
        """Write the copies of what is published now, until nothing else is published meanwhile."""
        while True:
            before = self.repository.state(self.store, self.signer)
            publication = self.repository.copies(self.store, self.signer)
            apply(publication, self.store, self.clock, self.reporter)
            if before == self.repository.state(self.store, self.signer):
                return
