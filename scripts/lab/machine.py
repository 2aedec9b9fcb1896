"""A Debian machine with systemd as PID 1, booted in about a second, gone with its context, and with no network."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

BOOT = Path(__file__).parent / "boot.sh"
PATIENCE = 180.0
"""Seconds that a machine may take to boot: one with PostgreSQL and RabbitMQ, beside others that are at work."""

INSIDE = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}

CLEAN_UP = """
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
find "/sys/fs/cgroup/lab-$1" -depth -type d -exec rmdir {} + 2>/dev/null
"""

PR_SET_PDEATHSIG = 1


class Machine:
    """Boots on entry. Everything in it ends when the context does, or when this process does, however it does."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self.name = f"{name}-{os.getpid()}"
        self._servers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Boot. Raises RuntimeError when systemd does not come up."""
        namespaces = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._outer = subprocess.Popen(
            ["unshare", *namespaces, "bash", BOOT, self._root, self.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            self._leader = self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._outer.send_signal(signal.SIGKILL)
        self._outer.wait()
        if self._outer.stdout:
            self._outer.stdout.close()
        for server in self._servers:
            server.kill()
            server.wait()
        subprocess.run(["unshare", "--mount", "sh", "-c", CLEAN_UP, "sh", self.name], check=False)

    @property
    def leader(self) -> int:
        """The machine's PID 1, as this host numbers it: what nsenter(1) asks for."""
        return self._leader

    def run(self, *argv: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``argv`` inside, with a clean environment. Raises with its output when it fails and ``check`` is set."""
        words = ["env", "-i", *(f"{name}={value}" for name, value in (INSIDE | env).items()), *argv]
        done = subprocess.run(
            ["nsenter", "-t", str(self._leader), "-a", "--", *words],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def says(self, *argv: str) -> str:
        """What ``argv`` prints inside."""
        return self.run(*argv).stdout.strip()

    def shell(self, script: str) -> str:
        """What a shell script prints inside; it stops at the first failure."""
        return self.says("sh", "-euc", script)

    def inside(self, path: str) -> Path:
        """A path in there, as this host sees it."""
        return Path(f"/proc/{self.leader}/root{path}")

    def serve(self, directory: Path, port: int) -> None:
        """Serve ``directory`` of this host on the machine's loopback; nothing listens anywhere else."""
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "--directory",
            directory,
            str(port),
        ]
        server = subprocess.Popen(
            ["nsenter", "-t", str(self._leader), "-n", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        self._servers.append(server)
        self.wait_for(f"http://127.0.0.1:{port}/")

    def wait_for(self, url: str, *, patience: float = 120, contains: str = "") -> str:
        """The answer of ``url`` inside, once it is good and holds ``contains``. Raises AssertionError."""
        end = time.monotonic() + patience
        while True:
            done = self.run("curl", "--silent", "--show-error", "--fail", "--max-time", "5", url, check=False)
            if done.returncode == 0 and contains in done.stdout:
                return done.stdout
            if time.monotonic() > end:
                raise AssertionError(f"{url} is not well after {patience:.0f} s: {done.stdout}{done.stderr}")
            time.sleep(0.2)

    def _wait_until_up(self) -> int:
        end = time.monotonic() + PATIENCE
        state = ""
        while time.monotonic() < end and self._outer.poll() is None:
            leader = _leader_below(self._outer.pid)
            if leader is not None:
                command = ["nsenter", "-t", str(leader), "-a", "--", "systemctl", "is-system-running"]
                state = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
                if state in ("running", "degraded"):
                    return leader
            time.sleep(0.1)
        self._outer.kill()
        said = self._outer.communicate()[0].decode("utf-8", "replace")
        raise RuntimeError(f"{self.name} did not come up: {state or said}")


def _leader_below(pid: int) -> int | None:
    """The machine's PID 1, as this host numbers it: the last of a chain of only children that is systemd."""
    while True:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if not children:
                return None
            pid = int(children[0])
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return pid
        except OSError:
            return None


def die_with_parent() -> None:
    """For ``preexec_fn``: the child ends with this process, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
