"""The earlier states of a suite of an apt archive: every InRelease that was replaced is kept."""

from __future__ import annotations

from katpkg.model.names import SuiteName
from katpkg.repository.apt import layout
from katpkg.repository.apt.generation import Generation
from katpkg.repository.base import Reader, Verifier
from katpkg.repository.history import History


def _read(reader: Reader, verifier: Verifier, suite: SuiteName, name: str) -> Generation | None:
    return Generation.read(reader, verifier, suite, layout.generation(suite, name))


HISTORY = History(
    place=layout.dists,
    folder="generations",
    name_of=layout.generation_of,
    current=Generation.read,
    read=_read,
)
