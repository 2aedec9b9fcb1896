"""gpg, in a home of its own that nobody shares and that nothing is left of."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from katpkg import process

PLACE = Path("/tmp")  # noqa: S108 - TMPDIR may be too long for a socket
PREFIX = "kk-"

PATIENCE = 30
"""Seconds that a program which signs or verifies may take."""


@contextmanager
def short_home() -> Iterator[Path]:
    """A gpg home for us alone, its path short enough for the agent's socket; the agent and it are gone afterwards.

    What somebody who was killed could not take away goes now.
    """
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))  # made with mode 0700
    try:
        yield home
    finally:
        _end_agent(home)
        shutil.rmtree(home, ignore_errors=True)


def gpg(home: Path, *words: str, stdin: bytes = b"") -> process.Completed:
    """Run gpg in ``home``, never asking anybody anything."""
    options = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
    return process.run(["gpg", "--homedir", home, *options, *words], stdin=stdin, timeout=PATIENCE)


def _sweep() -> None:
    """End the agents of our own processes that are no more, and remove their homes: they hold a secret key."""
    for home in PLACE.glob(f"{PREFIX}*-*"):
        owner = home.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):
            if home.stat().st_uid == os.getuid() and owner.isdigit() and not Path("/proc", owner).exists():
                _end_agent(home)
                shutil.rmtree(home, ignore_errors=True)


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
