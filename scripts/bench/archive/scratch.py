"""Where it is measured: a key, the packages, and room for the archives."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.archive.packages import VERSIONS, write_samples

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
"""A disk's own ways with files that were just removed would be measured too."""
ROOM = 6_000_000_000
"""Bytes that fifty thousand packages and the archives of all tools need."""
PLUS = 10_000_000
"""The number of the first package that is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A directory to measure in."""

    path: Path

    @property
    def work(self) -> Path:
        """Where archives are made."""
        return self.path / "work"

    @property
    def log(self) -> Path:
        """What the command that ran last said."""
        return self.path / "log"

    @property
    def keyring(self) -> Path:
        """The public key, as apt and gpgv take it."""
        return self.path / "archive.gpg"

    @property
    def key(self) -> str:
        """The fingerprint."""
        return (self.path / "keys.txt").read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """What all tools are told: nothing of who runs this."""
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.path),
            "LC_ALL": "C.UTF-8",
            "BENCH": str(self.path),
        }

    def packages(self, number: int, *, versions: int = VERSIONS) -> Path:
        """A directory with so many packages; made when it is asked for first."""
        return self._made(f"data/{number}-in-{versions}-versions", number, versions=versions, start=0)

    def plus(self, number: int = 0) -> Path:
        """A directory with one package, for amd64, that no other directory has."""
        return self._made(f"data/plus-{number}", 1, versions=1, start=PLUS + 10 * number)

    def _made(self, name: str, number: int, *, versions: int, start: int) -> Path:
        path = self.path / name
        if not path.exists():
            partial = path.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            write_samples(partial, number, versions=versions, start=start)
            partial.rename(path)
        return path

    def make_key(self) -> None:
        """Make the key that all sign with, once."""
        if not self.keyring.exists():
            (self.path / "gnupg").mkdir(mode=0o700, exist_ok=True)
            user = "bench <bench@example.invalid>"
            self.gpg("--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never")
            listing = self.gpg("--with-colons", "--list-keys").splitlines()
            fingerprint = next(line.split(":")[9] for line in listing if line.startswith("fpr:"))
            (self.path / "keys.txt").write_text(f"{fingerprint}\n")
            self.gpg("--output", str(self.keyring), "--export")

    def gpg(self, *words: str) -> str:
        """Call gpg with the key at hand."""
        command = ["gpg", "--homedir", str(self.path / "gnupg"), "--batch", "--quiet", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def clear(self) -> None:
        """Remove the archives."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()


@contextmanager
def scratch(directory: Path | None) -> Iterator[Scratch]:
    """``directory``, which stays and serves again; left out, one that goes."""
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        with _opened(directory.resolve()) as made:
            yield made
        return
    with tempfile.TemporaryDirectory(prefix="katpkg-bench-", dir=_roomy()) as path, _opened(Path(path)) as made:
        yield made


@contextmanager
def _opened(path: Path) -> Iterator[Scratch]:
    made = Scratch(path=path)
    made.make_key()
    try:
        yield made
    finally:
        subprocess.run(["gpgconf", "--homedir", path / "gnupg", "--kill", "all"], check=False)
        shutil.rmtree(made.work, ignore_errors=True)


def _roomy() -> Path:
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        return MEMORY
    disk = ROOT / "build" / "bench"
    disk.mkdir(parents=True, exist_ok=True)
    return disk
