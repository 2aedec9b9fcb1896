"""apt as a reader: this machine's own (2.6 on Debian 12), and Debian 13's in a root directory of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.fault.ground import Wrong

PLACES = ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "etc/apt/sources.list.d")
CONFIG = """\
Dir "{root}";
Dir::State::status "{root}/status";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Check-Date "true";
Acquire::Check-Valid-Until "true";
Acquire::Languages "none";
Acquire::http::Proxy "DIRECT";
Acquire::Retries "0";
"""
SOURCES = "Types: deb\nURIs: {uri}\nSuites: bookworm\nComponents: main\nSigned-By: {key}\n"
PATIENCE = 300.0


class HostApt:
    """This machine's apt; it knows of one archive and of nothing else."""

    def __init__(self, root: Path, uri: str, key: Path) -> None:
        for name in (*PLACES, *(f"etc/apt/{each}.d" for each in ("apt.conf", "preferences"))):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "etc/apt/sources.list.d/kat.sources").write_text(SOURCES.format(uri=uri, key=key))
        (root / "apt.conf").write_text(CONFIG.format(root=root))
        self._root = root
        self._under: Sequence[str | Path] = ()

    def update(self) -> None:
        """Read the archive's indexes. Raises Wrong when anything about that fails, were it only a warning."""
        said = self._run("apt-get", "update", "--error-on=any")
        if "W:" in said or "E:" in said:
            raise Wrong(said)

    def packages(self) -> set[str]:
        """The names that it knows."""
        return set(self._run("apt-cache", "pkgnames").split())

    def version(self) -> str:
        """Its own."""
        return self._run("apt-get", "--version").split()[1]

    def _run(self, *words: str | Path) -> str:
        done = subprocess.run(
            [*self._under, *words],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "APT_CONFIG": str(self._root / "apt.conf"), "LC_ALL": "C.UTF-8"},
            timeout=PATIENCE,
        )
        if done.returncode != 0:
            raise Wrong(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}")
        return done.stdout


class ChrootApt(HostApt):
    """The apt of another Debian's root directory, which stays as it is. Its own files lie in ``work``, at the same
    path inside. To be used as a context: it mounts.
    """

    def __init__(self, debian: Path, work: Path, uri: str, key: Path) -> None:
        super().__init__(work / "apt", uri, work / "archive.asc")
        (work / "archive.asc").write_bytes(key.read_bytes())
        self._debian = debian
        self._work = work
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        merged = self._work / "merged"
        for name in ("upper", "overlay", "merged"):
            (self._work / name).mkdir()
        options = f"lowerdir={self._debian},upperdir={self._work / 'upper'},workdir={self._work / 'overlay'}"
        self._mount("-t", "overlay", "-o", options, "overlay", merged)
        inside = merged / self._work.relative_to("/")
        inside.mkdir(parents=True)
        (inside / "archive.asc").write_bytes((self._work / "archive.asc").read_bytes())
        (inside / "apt").mkdir()
        self._mount("--bind", self._work / "apt", inside / "apt")
        self._mount("--bind", "/dev", merged / "dev")
        self._under = ("chroot", merged)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _mount(self, *words: str | Path) -> None:
        subprocess.run(["mount", *words], check=True)
        self._stack.callback(subprocess.run, ["umount", words[-1]], check=True)
