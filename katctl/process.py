"""The only way to another program. What is secret goes through stdin or the environment, never through argv."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from katctl.errors import ToolFailed

SURROUNDINGS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
"""All that a program inherits from us."""

PATIENCE = 3600
"""Seconds after which a program is taken to hang; migrations and dumps take their time."""


def run(
    argv: Sequence[str],
    *,
    stdin: str | Path = "",
    into: Path | None = None,
    user: str | None = None,
    directory: str = "/",
    env: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> str:
    """What ``argv`` prints; nothing when that goes ``into`` a file. Raises ToolFailed when it does not end with 0."""
    try:
        with ExitStack() as files:
            feed = {"stdin": files.enter_context(stdin.open("rb"))} if isinstance(stdin, Path) else {"input": stdin}
            done = subprocess.run(
                argv,
                **feed,
                stdout=files.enter_context(into.open("wb")) if into else subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                cwd=directory,
                env=SURROUNDINGS | dict(env or {}),
                timeout=patience,
                check=False,
                **_identity(user),
            )
    except FileNotFoundError as error:
        raise ToolFailed(f"{argv[0]} is not installed", hint=f"install the package that has {argv[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(f"{argv[0]} did not end within {patience:.0f} s", where=" ".join(argv)) from error
    except OSError as error:
        raise ToolFailed(f"{argv[0]} cannot be started: {error.strerror}", where=" ".join(argv)) from error
    if done.returncode != 0:
        said = f"{done.stdout or ''}{done.stderr}".strip()
        raise ToolFailed(f"{argv[0]} failed ({done.returncode})", where=" ".join(argv), details=tail(said))
    return done.stdout or ""


def succeeds(argv: Sequence[str]) -> bool:
    """Whether ``argv`` ends with 0."""
    try:
        run(argv, patience=60)
    except ToolFailed:
        return False
    return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """While open, nobody ends us, and no program that we start; who tells us to is heard afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def tail(text: str, lines: int = 20) -> str:
    """The last ``lines`` of ``text``."""
    return "\n".join(text.splitlines()[-lines:])


def _identity(user: str | None) -> dict[str, Any]:
    """What makes a program run as ``user``. Raises ToolFailed when there is no such account."""
    if not user or user == "root":
        return {}
    try:
        account = pwd.getpwnam(user)
    except KeyError as error:
        raise ToolFailed(f"there is no account {user}", hint="systemd-sysusers") from error
    groups = os.getgrouplist(user, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}
