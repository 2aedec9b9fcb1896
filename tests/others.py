"""Archives that others made: apt-ftparchive, dpkg-scanpackages, reprepro and aptly, signed by a key of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from katpkg.repository.gpg import gpg, short_home
from tests.builders import make_deb
from tests.contract.signers import key

NAME = "others"
"""Of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An archive, and the keyring of its clients."""

    root: Path
    keyring: Path

    def sign_anew(self, suite: str = "stable") -> None:
        """Sign Release as it is now, in both forms."""
        directory = self.root / "dists" / suite
        with _gpg_home() as home:
            for option, name in (("--clearsign", "InRelease"), ("--detach-sign", "Release.gpg")):
                options = ("--digest-algo", "SHA512", "--armor", option)
                content = gpg(home, *options, stdin=(directory / "Release").read_bytes()).stdout
                (directory / name).write_bytes(content)


def by_apt_ftparchive(directory: Path) -> Other:
    """Packages and Packages.gz; no by-hash."""
    return _indexed_by(["apt-ftparchive", "packages", "pool"], directory)


def by_dpkg_scanpackages(directory: Path) -> Other:
    """The same, with every Filename beginning with a period and a slash."""
    return _indexed_by(["dpkg-scanpackages", "--multiversion", "./pool"], directory)


def _indexed_by(command: Sequence[str], directory: Path) -> Other:
    root = directory / "public"
    index = root / "dists/stable/main/binary-amd64"
    index.mkdir(parents=True)
    (root / "pool").mkdir()
    for deb in _debs(directory):
        shutil.copy(deb, root / "pool")
    (index / "Packages").write_bytes(_run(command, root))
    _run(["gzip", "--keep", index / "Packages"], root)
    words = {
        "Origin": "Others",
        "Suite": "stable",
        "Codename": "stable",
        "Components": "main",
        "Architectures": "amd64",
    }
    options = [word for name, value in words.items() for word in ("-o", f"APT::FTPArchive::Release::{name}={value}")]
    release = _run(["apt-ftparchive", *options, "release", "dists/stable"], root)
    (root / "dists/stable/Release").write_bytes(release)
    other = _other(directory, root)
    other.sign_anew()
    return other


def by_reprepro(directory: Path) -> Other:
    """With a database beside it, Packages, .gz, .xz and .bz2."""
    root = directory / "public"
    (root / "conf").mkdir(parents=True)
    (root / "conf/distributions").write_text(
        "Origin: Others\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\nSignWith: yes\n"
        "DebIndices: Packages Release . .gz .bz2 .xz\n"
    )
    with _gpg_home() as home:
        _run(["reprepro", "-b", root, "includedeb", "stable", *_debs(directory)], directory, home)
    return _other(directory, root)


def by_aptly(directory: Path) -> Other:
    """With Acquire-By-Hash, under four digests."""
    config = directory / "aptly.conf"
    config.write_text(json.dumps({"rootDir": str(directory / "aptly"), "gpgProvider": "gpg"}))
    aptly = ["aptly", f"-config={config}"]
    with _gpg_home() as home:
        _run([*aptly, "repo", "create", "-distribution=stable", "-component=main", "repo"], directory, home)
        _run([*aptly, "repo", "add", "repo", *_debs(directory)], directory, home)
        publish = ["publish", "repo", "-batch", "-acquire-by-hash", "-origin=Others", "-architectures=amd64", "repo"]
        _run([*aptly, *publish], directory, home)
    return _other(directory, directory / "aptly" / "public")


def _debs(directory: Path) -> list[Path]:
    debs = []
    for name in ("other-a", "other-b"):
        (directory / name).mkdir()
        fields = {"Package": name, "Section": "misc", "Priority": "optional"}
        debs.append(make_deb(directory / name, fields, {f"usr/share/{name}/file": f"{name}\n"}))
    return debs


def _other(directory: Path, root: Path) -> Other:
    keyring = directory / "others.asc"
    keyring.write_bytes(key(NAME).public)
    return Other(root=root, keyring=keyring)


@contextmanager
def _gpg_home() -> Iterator[Path]:
    with short_home() as home:
        gpg(home, "--import", stdin=key(NAME).secret)
        yield home


def _run(command: Sequence[str | Path], directory: Path, home: Path | None = None) -> bytes:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"} | ({"GNUPGHOME": str(home)} if home else {})
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
