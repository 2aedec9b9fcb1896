"""gpg, in a home of its own that nobody shares and that nothing is left of."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from katpkg import process

PLACE = Path("/tmp")  # noqa: S108 - TMPDIR may be too long for a socket
PREFIX = "kk-"
IN_USE = "in-use"
"""Locked by who uses the home: the kernel lets go of it however that process ends, in whatever container it ran."""

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
        path = home / "lock"
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path.rename(home / IN_USE)  # under that name nobody ever finds it unlocked while we live
            yield home
    finally:
        _take_away(home)


def gpg(home: Path, *words: str, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> process.Completed:
    """Run gpg in ``home``, never asking anybody anything. Raises ToolMissing, and ToolFailed for an exit status that
    is not to ``accept``.
    """
    options = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
    return process.run(["gpg", "--homedir", home, *options, *words], stdin=stdin, timeout=PATIENCE, accept=accept)


def _sweep() -> None:
    """Take away our homes whose users are no more: they hold a secret key, and an agent that knows it."""
    with os.scandir(PLACE) as entries:  # there may be thousands of others, and we look at each call
        homes = [Path(entry) for entry in entries if entry.name.startswith(PREFIX)]
    for home in homes:
        with suppress(OSError), (home / IN_USE).open() as file:  # OSError: another account's, in use, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _take_away(home)


def _take_away(home: Path) -> None:
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
