"""gpg, in a home of its own that nobody shares and that nothing is left of."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from katpkg import process

PATIENCE = 30
"""Seconds that a program which signs or verifies may take."""


@contextmanager
def short_home() -> Iterator[Path]:
    """A gpg home for us alone, its path short enough for the agent's socket; the agent and it are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="kk-", dir="/tmp"))  # made with mode 0700, and TMPDIR may be long
    try:
        yield home
    finally:
        _end_agent(home)
        shutil.rmtree(home, ignore_errors=True)


def gpg(home: Path, *words: str, stdin: bytes = b"") -> process.Completed:
    """Run gpg in ``home``, never asking anybody anything."""
    options = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
    return process.run(["gpg", "--homedir", home, *options, *words], stdin=stdin, timeout=PATIENCE)


def _end_agent(home: Path) -> None:
    """Tell the agent, if there is one, to end, as ``gpgconf --kill`` does, which takes four programs for it.

    An agent whose socket lies elsewhere (/run/user) ends by itself as soon as its home is gone.
    """
    agent = home / "S.gpg-agent"
    if not agent.exists():
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(agent))
        connection.sendall(b"KILLAGENT\n")
        while connection.recv(1024):
            pass
