"""Running other people's programs: the only place that does.

A tool gets a clean environment: what it needs to find programs, caches, certificates and proxies, and nothing else,
so that no secret katpkg was given can reach a build. Its output is kept and shown only when it fails.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from katpkg.errors import ToolError

INHERITED = ("HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
INHERITED_PREFIXES = ("UV_", "SSL_CERT_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy", "ALL_PROXY")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGE_OF_TOOL = {
    "dpkg-buildpackage": "dpkg-dev",
    "dpkg-deb": "dpkg",
    "dh": "debhelper",
    "gpg": "gnupg",
    "gpgv": "gpgv",
    "lintian": "lintian",
    "rpmbuild": "rpm",
    "rpmkeys": "rpm",
    "rpmsign": "rpm",
}

Stream = IO[bytes] | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What must make no difference to a build: the time zone and the umask that programs run with."""

    time_zone: str = "UTC"
    umask: int = 0o022


ORDINARY = Surroundings()
UNUSUAL = Surroundings(time_zone="Pacific/Kiritimati", umask=0o077)

_surroundings: ContextVar[Surroundings] = ContextVar("surroundings", default=ORDINARY)
_running: set[subprocess.Popen[bytes]] = set()
_running_lock = threading.Lock()
_stopped = threading.Event()


class ToolMissing(ToolError):
    """A program is not installed."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed", hint=f"apt install {PACKAGE_OF_TOOL.get(tool, tool)}")


class ToolFailed(ToolError):
    """A program ended with an error; ``details`` is the tail of what it said."""

    def __init__(self, argv: Sequence[str], status: int, output: str, *, where: str | None = None) -> None:
        super().__init__(f"{Path(argv[0]).name} failed with status {status}", where=where, details=tail(output))
        self.argv = tuple(argv)
        self.status = status
        self.output = output


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended: its exit status and both its outputs."""

    argv: tuple[str, ...]
    status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def output(self) -> str:
        """Both outputs, as a person would have seen them."""
        return (self.stdout + self.stderr).decode("utf-8", "replace")


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    into: Path | None = None,
    timeout: float | None = None,
    accept: Sequence[int] = (0,),
) -> Completed:
    """Run ``argv`` (never a shell) to its end and return what it said.

    ``env`` is laid over a clean environment; ``into`` takes standard output instead of memory; ``timeout`` is in
    seconds; ``accept`` lists the exit statuses that are no failure. The program leads a session of its own, and when
    we leave early for any reason, its whole family is ended with it. Raises ToolMissing and ToolFailed.
    """
    words = [str(word) for word in argv]
    try:
        with _output(into) as output:
            streams = (subprocess.PIPE, output, subprocess.PIPE)
            with _child(words, cwd, clean_environment() | dict(env or {}), streams) as child:
                stdout, stderr = child.communicate(stdin, timeout)
    except FileNotFoundError as error:
        if error.filename != words[0]:
            raise
        raise ToolMissing(words[0]) from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{Path(words[0]).name} gave no answer within {timeout:g} seconds") from error
    done = Completed(argv=tuple(words), status=child.returncode, stdout=stdout or b"", stderr=stderr)
    if done.status not in accept:
        raise ToolFailed(words, done.status, done.output)
    return done


def run_bounded(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], stdin: bytes, limit: int, timeout: float
) -> Completed:
    """Run a program of somebody else's as ``run`` does, but it may say no more than ``limit`` bytes, and what it
    leaves running is ended. Raises ToolError.
    """
    words = [str(word) for word in argv]
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        try:
            with _child(words, cwd, clean_environment() | dict(env), (given, out, err)) as child:
                _watch(child, words[0], (out, err), limit, timeout)
        except OSError as error:
            raise ToolError(f"{words[0]} cannot be run: {error.strerror}") from error
        stdout, stderr = (os.pread(file.fileno(), limit, 0) for file in (out, err))
    done = Completed(argv=tuple(words), status=child.returncode, stdout=stdout, stderr=stderr)
    if done.status != 0:
        raise ToolFailed(words, done.status, done.stderr.decode("utf-8", "replace"))
    return done


def clean_environment() -> dict[str, str]:
    """What a tool may know of the environment katpkg was started in."""
    kept = {
        name: value for name, value in os.environ.items() if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    return kept | {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "TZ": _surroundings.get().time_zone}


@contextmanager
def surroundings(chosen: Surroundings) -> Iterator[None]:
    """Within it, this thread's programs run in ``chosen`` surroundings."""
    token = _surroundings.set(chosen)
    try:
        yield
    finally:
        _surroundings.reset(token)


def require(tool: str) -> None:
    """Raise ToolMissing unless ``tool`` can be found, before any work that would need it is begun."""
    if shutil.which(tool, path=SYSTEM_PATH) is None:
        raise ToolMissing(tool)


def stop_all() -> None:
    """End every program that runs, each with its family, and let no other run: Ctrl-C while threads wait for builds."""
    _stopped.set()
    with _running_lock:
        children = tuple(_running)
    for child in children:
        _end_family(child)


def tail(text: str, *, lines: int = 25) -> str:
    """The last lines of ``text``: a tool says what is wrong at its end."""
    return "\n".join(text.strip().splitlines()[-lines:])


@contextmanager
def _output(into: Path | None) -> Iterator[IO[bytes] | int]:
    if into is None:
        yield subprocess.PIPE
        return
    with into.open("xb") as file:
        yield file


@contextmanager
def _child(
    words: list[str], cwd: Path | None, env: dict[str, str], streams: tuple[Stream, Stream, Stream]
) -> Iterator[subprocess.Popen[bytes]]:
    _go_on(words[0])
    stdin, stdout, stderr = streams
    umask = _surroundings.get().umask
    child = subprocess.Popen(
        words, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True, umask=umask
    )
    with _running_lock:
        _running.add(child)
    try:
        with child:
            try:
                _go_on(words[0])  # who stops all did not see it, perhaps
                yield child
            except BaseException:
                _end_family(child)
                raise
    finally:
        with _running_lock:
            _running.discard(child)


def _watch(
    child: subprocess.Popen[bytes], tool: str, outputs: tuple[IO[bytes], IO[bytes]], limit: int, timeout: float
) -> None:
    end = time.monotonic() + timeout
    while True:
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if any(os.fstat(file.fileno()).st_size > limit for file in outputs):
            raise ToolError(f"{Path(tool).name} says more than {limit} bytes")
        if ended:
            os.killpg(child.pid, signal.SIGKILL)  # it is not yet waited for, so its number is still its own
            return
        if time.monotonic() > end:
            raise ToolError(f"{Path(tool).name} gave no answer within {timeout:g} seconds")
        time.sleep(0.005)


def _go_on(tool: str) -> None:
    if _stopped.is_set():
        raise ToolError(f"{Path(tool).name} was not started: katpkg is stopping")


def _end_family(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # the thread that waits for it may have seen its end meanwhile
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
