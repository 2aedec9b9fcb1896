"""The earlier states of a suite of RPMs; a generation that was written and never committed is none of them."""

from __future__ import annotations

from katpkg.repository.history import History
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.generation import Generation

HISTORY = History(
    place=layout.suite_file,
    folder="replaced",
    name_of=layout.replaced_of,
    current=Generation.current,
    read=Generation.read,
)
