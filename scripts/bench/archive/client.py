"""What a publication costs those who follow the archive: bytes that ``apt-get update`` fetches."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripts.bench.archive.rounds import say
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import KATPKG, plain_index

CONFIGURATION = """\
Dir "{root}";
Dir::State::status "{root}/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Etc::trustedparts "/nonexistent";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Date "true";
Acquire::Check-Valid-Until "true";
Acquire::http::Proxy "DIRECT";
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Bytes of the answers' bodies."""

    first: int
    """Of the update that fetched everything."""
    after: int
    """Of the next, after one package was added."""


class _Counted(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *words: Any, counted: list[int], **options: Any) -> None:  # noqa: ANN401 - it hands them on
        self._counted = counted
        super().__init__(*words, **options)

    def copyfile(self, source: Any, outputfile: Any) -> None:  # noqa: ANN401 - as its base has it
        content = source.read()
        self._counted.append(len(content))
        outputfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def measure_client(scratch: Scratch, number: int) -> Client:
    """Update before and after. Raises RuntimeError when apt does not know of the new package then."""
    say(f"{number:,} packages, apt-get update")
    KATPKG.call("prep_plus", scratch, number)
    with _served(KATPKG.archive(scratch)) as (url, counted):
        apt = _Apt(scratch, url)
        apt.update()
        first = sum(counted)
        counted.clear()
        KATPKG.call("plus", scratch, number)
        apt.update()
        after = sum(counted)
    if apt.lists() != plain_index(KATPKG.archive(scratch), "amd64").count(b"\nPackage: ") + 1:
        raise RuntimeError("apt does not have the packages that were published")
    return Client(first=first, after=after)


@contextmanager
def _served(directory: Path) -> Iterator[tuple[str, list[int]]]:
    counted: list[int] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Counted, directory=directory, counted=counted)) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", counted
        server.shutdown()


class _Apt:
    """A client of its own, that knows nothing of this machine's."""

    def __init__(self, scratch: Scratch, url: str) -> None:
        self._root = scratch.work / "apt"
        for directory in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial", "var/cache/apt"):
            (self._root / directory).mkdir(parents=True)
        (self._root / "status").touch()
        source = f"deb [signed-by={scratch.keyring}] {url} stable main\n"
        (self._root / "etc/apt/sources.list").write_text(source)
        (self._root / "apt.conf").write_text(CONFIGURATION.format(root=self._root))
        self._environment = scratch.environment | {"APT_CONFIG": str(self._root / "apt.conf")}

    def update(self) -> None:
        """Raise RuntimeError when anything is wrong with the archive."""
        command = ["apt-get", "update", "--error-on=any"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self._environment)
        if done.returncode != 0:
            raise RuntimeError(f"apt-get update failed:\n{done.stdout}{done.stderr}")

    def lists(self) -> int:
        """How many packages it has."""
        files = (self._root / "var/lib/apt/lists").glob("*_Packages*")
        return sum(f"\n{path.read_text()}".count("\nPackage: ") for path in files)
