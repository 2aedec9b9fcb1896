"""An archive in a directory, which any web server can serve as it is."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.repository.publication import Token

HIDDEN = ".katpkg"
"""Lock and temporary files lie here: on the archive's file system, and in nobody's way who serves it."""


class LocalStore:
    """Objects as files below ``root``. A write is a new file, synced, then a rename; conditions are checked under a
    lock that dies with its process.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The file's bytes; the token is their digest."""
        with _explained(key):
            try:
                content = self._path(key).read_bytes()
            except FileNotFoundError:
                return None
        return content, _token(content)

    def digest(self, key: str) -> Digest | None:
        """Of the file, which is read for it."""
        with _explained(key):
            path = self._path(key)
            return Digest.of(path) if path.is_file() else None

    def put(self, key: str, content: bytes | Path) -> None:
        """Write, whatever is there."""
        with _explained(key), self._lock():
            self._write(key, content)

    def put_if(self, key: str, content: bytes | Path, token: Token | None) -> bool:
        """Write if the file still is what ``token`` stands for, or is not there for None."""
        with _explained(key), self._lock():
            found = self.read(key) if token is not None else None
            if token is None and self._path(key).exists():
                return False
            if token is not None and (found is None or found[1] != token):
                return False
            self._write(key, content)
            return True

    def delete(self, key: str) -> None:
        """Remove the file."""
        with _explained(key), self._lock():
            self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """The names of files below ``root``."""
        for path in sorted(self._root.rglob("*")):
            key = str(path.relative_to(self._root))
            if key.startswith(prefix) and not key.startswith(f"{HIDDEN}/") and path.is_file():
                yield key

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not all(parts) or {".", ".."} & set(parts) or parts[0] == HIDDEN:
            raise StoreError(f"{key!r} is no key of an archive")
        path = self._root.joinpath(*parts)
        if any(parent.is_symlink() for parent in (path, *path.parents) if self._root in parent.parents):
            raise StoreError("there is a symbolic link inside the archive", where=key, hint=f"look at {path}")
        return path

    @contextmanager
    def _lock(self) -> Iterator[None]:
        hidden = self._root / HIDDEN
        hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root.chmod(0o755)
        handle = os.open(hidden / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left in hidden.glob("new-*"):  # by a process that was killed: the lock is ours
                left.unlink()
            yield
        finally:
            os.close(handle)

    def _write(self, key: str, content: bytes | Path) -> None:
        path = self._path(key)
        temporary = self._root / HIDDEN / f"new-{hashlib.sha256(key.encode()).hexdigest()}"
        try:
            with temporary.open("xb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            _make_directories(path.parent)
            temporary.replace(path)
            _sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def _token(content: bytes) -> Token:
    return Token(hashlib.sha256(content).hexdigest())


def _make_directories(directory: Path) -> None:
    if directory.is_dir():
        return
    _make_directories(directory.parent)
    with contextlib.suppress(FileExistsError):
        directory.mkdir()
    directory.chmod(0o755)  # readable by the web server whatever the umask
    _sync(directory.parent)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _explained(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the archive cannot be read or written: {error.strerror}",
            where=str(error.filename or key),
            hint="what was published before is whole; when this is mended, publish again",
        ) from error
