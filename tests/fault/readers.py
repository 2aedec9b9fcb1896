"""A reader as apt is one, but quick: everything that an InRelease names, over HTTP, at any time."""

from __future__ import annotations

import http.client
import http.server
import lzma
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from debian.deb822 import Packages

from katpkg.model.digests import Digest
from katpkg.repository.apt import layout
from katpkg.repository.apt.release import Release
from katpkg.repository.base import Verifier
from scripts.lab.machine import die_with_parent
from tests.fault.ground import SUITE, Wrong

PATIENCE = 120.0


class Reader:
    """Reads one suite at ``url``. Raises Wrong when something is missing, damaged, or older than before."""

    def __init__(self, url: str, verifier: Verifier) -> None:
        self._url = urlsplit(url)
        self._verifier = verifier
        self._newest: datetime | None = None
        self._seen: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()

    def read(self, pause: Callable[[], float] = lambda: 0.0) -> None:
        """InRelease; after a pause all indexes that it names; and whether all packages are there that these name."""
        _, inrelease = self._ask("GET", "dists/bookworm/InRelease")
        release = Release.parse(self._verifier.verify(inrelease, "InRelease"), "InRelease")
        time.sleep(pause())
        packages: dict[str, int] = {}
        for path, digest in release.indexes.items():
            if not path.endswith("/Packages"):
                _, content = self._ask("GET", layout.by_hash(SUITE.name, path, digest.sha256))
                if Digest.of(content) != digest:
                    raise Wrong(f"{path} is not what InRelease says")
                if path.endswith("Packages.xz"):
                    packages |= {each["Filename"]: int(each["Size"]) for each in _stanzas(lzma.decompress(content))}
        self._look_at_pool(packages)
        self._go_on(release.date, set(packages))

    def _look_at_pool(self, packages: dict[str, int]) -> None:
        for filename, size in packages.items():
            found, _ = self._ask("HEAD", filename)
            if found != size:
                raise Wrong(f"{filename} has {found} bytes, and {size} are listed")

    def _go_on(self, date: datetime, packages: set[str]) -> None:
        """Of several reads at once, one may be late: only what is newer is compared."""
        with self._lock:
            if self._newest is None or date > self._newest:
                if lost := self._seen - packages:
                    raise Wrong(f"what was published is not any more: {sorted(lost)}")
                self._newest, self._seen = date, packages

    def _ask(self, method: str, key: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._url.netloc, timeout=PATIENCE)
        try:
            connection.request(method, f"{self._url.path.rstrip('/')}/{quote(key)}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise Wrong(f"{method} {key}: {answer.status}")
            return int(answer.headers["Content-Length"]), body
        finally:
            connection.close()


def _stanzas(text: bytes) -> Iterator[Packages]:
    return Packages.iter_paragraphs(text.decode(), use_apt_pkg=False)


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """``directory`` on loopback, by a process of its own; its URL."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(directory), "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().split(" port ")[1].split()[0]
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.communicate()
