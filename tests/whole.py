"""Whether an archive is whole: `katpkg verify` of every file, by who knows nothing but our own verifier."""

from __future__ import annotations

from datetime import datetime

from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.repository.apt.check.archive import Files
from katpkg.repository.apt.check.findings import Finding
from katpkg.repository.apt.check.scope import Demands
from katpkg.repository.apt.check.verify import verify
from katpkg.repository.apt.check.witness import Testimony, Witness
from katpkg.repository.base import Verifier

STRICT = Demands(sample=None)


def check_whole(files: Files, witness: Witness, now: datetime) -> tuple[Finding, ...]:
    """Everything that is wrong with the archive of ours in ``files``: every suite, every file of it.

    ``OurWitness(verifier)`` is a witness; kept from one call to the next, it verifies no InRelease twice.
    """
    return tuple(verify(files, witness, now, STRICT).findings)


class OurWitness:
    """A verifier of ours as a witness: it knows no more than whether it was us.

    It remembers what it has found good, by content: earlier generations need not be verified every time.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._texts: dict[Sha256, bytes] = {}
        self._detached: set[tuple[Sha256, Sha256]] = set()

    def judge(self, inrelease: bytes, where: str) -> Testimony:
        """Raises SigningError."""
        digest = Digest.of(inrelease).sha256
        if digest not in self._texts:
            self._texts[digest] = self._verifier.verify(inrelease, where)
        return Testimony(text=self._texts[digest])

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raises SigningError."""
        digests = Digest.of(signature).sha256, Digest.of(text).sha256
        if digests not in self._detached:
            self._verifier.verify_detached(signature, text, where)
            self._detached.add(digests)
