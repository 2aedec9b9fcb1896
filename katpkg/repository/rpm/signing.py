"""Signed RPMs. A signature stands in the file itself, so what is published is another file than what was built.

The same package gets the same signature, whenever and wherever it is made: its moment is the package's own. Publishing
again therefore finds again what is published.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from katpkg import process
from katpkg.errors import SigningError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Sha256
from katpkg.repository.keys import PublicKey

MANY = 1000
"""Packages that a call is given: the kernel takes command lines of two megabytes (execve(2))."""


class PackageSigner(Protocol):
    """Signs packages."""

    def sign_packages(self, packages: Sequence[BinaryPackage]) -> Sequence[Path]:
        """Copies of the files of ``packages`` that carry our signature and no other. Raises SigningError."""


class RpmSigner:
    """Has rpmsign do it, in a directory that lasts as long as the context is open."""

    def __init__(self, key: Callable[[], PublicKey], home: Callable[[], Path], passphrase: str) -> None:
        """``home`` is a gpg home that has the secret part of ``key``. Neither is asked for before it is needed."""
        self._read_key = key
        self._home = home
        self._passphrase = passphrase
        self._stack = ExitStack()
        self._directory: Path | None = None
        self._signed: dict[Sha256, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._directory = None
        self._signed = {}

    @cached_property
    def _key(self) -> PublicKey:
        return self._read_key()

    def sign_packages(self, packages: Sequence[BinaryPackage]) -> Sequence[Path]:
        """The signed copies, verified as a client will. Raises SigningError, also when a package is damaged."""
        new = {each.digest.sha256: each for each in packages if each.digest.sha256 not in self._signed}
        if new:
            self._signed |= self._sign(new)
        return [self._signed[each.digest.sha256] for each in packages]

    def _sign(self, packages: Mapping[Sha256, BinaryPackage]) -> dict[Sha256, Path]:
        if self._directory is None:
            self._directory = self._open()
        copies = {digest: _copy(package, self._directory / digest) for digest, package in packages.items()}
        moments = {path: max(_built(path), self._key.signs_since) for path in copies.values()}
        try:
            for moment, paths in groupby(sorted(moments, key=moments.__getitem__), moments.__getitem__):
                _run(["rpmsign", *self._options(self._directory, moment), "--resign"], tuple(paths))
            said = _run([*_rpmkeys(self._directory), "--checksig"], tuple(moments))
        except process.ToolFailed as error:
            hint = "build it again, or get it again from where it came" if "corrupt" in error.output else None
            raise SigningError(
                "packages cannot be signed", where=_names(copies), hint=hint, details=error.details
            ) from error
        if said.count(": digests signatures OK\n") != len(copies):  # rpmsign may sign nothing, and say nothing
            raise SigningError("rpmsign did not sign", where=_names(copies), details=process.tail(said))
        return copies

    def _open(self) -> Path:
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="katpkg-")))
        (directory / "archive.key").write_bytes(self._key.armored)
        (directory / "passphrase").touch(mode=0o600)
        (directory / "passphrase").write_text(self._passphrase)
        return directory

    def _options(self, directory: Path, moment: int) -> Iterable[str]:
        quiet = f"--pinentry-mode loopback --passphrase-file {directory}/passphrase"
        macros = {
            "__gpg": "/usr/bin/gpg",
            "_gpg_path": self._home(),
            "_gpg_name": self._key.fingerprint,
            "_gpg_digest_algo": "sha512",
            "_gpg_sign_cmd_extra_args": f"{quiet} --faked-system-time {moment}!",
            "_tmppath": directory,
        }
        return [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]


def _rpmkeys(directory: Path) -> list[str]:
    """With the key in ``directory`` for a keyring; importing it would make a database first."""
    keyring = ("--define", "_keyring fs", "--define", f"_keyringpath {directory}")
    return ["rpmkeys", "--dbpath", str(directory / "database"), *keyring]


def _run(words: Sequence[str], paths: Sequence[Path]) -> str:
    """What a program says of all of ``paths``, in as few calls as can be. Raises ToolFailed."""
    lots = (paths[start : start + MANY] for start in range(0, len(paths), MANY))
    return "".join(process.run([*words, *lot]).text for lot in lots)


def _copy(package: BinaryPackage, directory: Path) -> Path:
    directory.mkdir()
    return Path(shutil.copyfile(package.path, directory / package.filename))


def _names(paths: Mapping[Sha256, Path]) -> str:
    """For people: one, or the first and how many more."""
    first, *more = (path.name for path in paths.values())
    return f"{first} and {len(more)} more" if more else first


def _built(path: Path) -> int:
    """When the package was built; it says so itself."""
    import createrepo_c  # takes as long as all the rest of a call that signs no RPM

    return int(createrepo_c.package_from_rpm(str(path)).time_build)
