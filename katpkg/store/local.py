"""An archive in a directory, which any web server can serve as it is."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.repository.publication import Token
from katpkg.store.base import Stored
from katpkg.store.content import Content, digest_of
from katpkg.store.durable import sync, sync_file_system
from katpkg.store.scratch import Scratch
from katpkg.store.tree import Tree, link_found, stored

BLOCK = 1 << 20
SMALL = 1 << 16
"""Bytes that are copied as quickly as one asks whether that is needed."""
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What file systems say that have no hard links."""


class LocalStore:
    """Objects as files below ``root``. A write is a new file that gets its name when it is whole.

    An immutable object gets it by link(2), which is exclusive by itself; the others by rename(2), under a lock.
    """

    def __init__(self, root: Path) -> None:
        absolute = os.path.abspath(root)
        self._tree = Tree(absolute)
        self._scratch = Scratch(absolute)
        self._is_unsettled = False

    @property
    def parallel(self) -> int:
        """One: with small files, two threads cost twice the CPU of one and are no quicker."""
        return 1

    def where(self, key: str) -> str:
        """The file's path."""
        return self._tree.where(key)

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The file's bytes; the token is their digest."""
        file = self.open(key)
        if file is None:
            return None
        with _Explained(key), file:
            content = file.read()
        return content, self.token(content)

    def read_all(self, keys: Sequence[str]) -> list[tuple[bytes, Token] | None]:
        """One after the other: a disk is not waited for."""
        return [self.read(key) for key in keys]

    def open(self, key: str) -> BinaryIO | None:
        """The file, open."""
        with _Explained(key):
            try:
                return open(os.open(self._tree.path(key), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb")
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno == errno.ELOOP:  # O_NOFOLLOW met a link
                    raise link_found(self.where(key)) from error
                raise

    def look(self, key: str) -> Stored | None:
        """The file's size and time."""
        with _Explained(key):
            try:
                status = os.lstat(self._tree.path(key))
            except FileNotFoundError:
                return None
        return stored(key, status) if stat.S_ISREG(status.st_mode) else None

    def digest(self, key: str) -> Digest | None:
        """Of the file, which is read for it."""
        file = self.open(key)
        if file is None:
            return None
        with _Explained(key), file:
            return digest_of(file)

    def list(self, prefix: str) -> Iterator[Stored]:
        """Files; links are left out."""
        with _Explained(prefix):
            yield from self._tree.walk(prefix)

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:
        """Link a new file to its name: of many who do so at once one succeeds, and none waits."""
        with _Explained(key), self._scratch.file() as file:
            path = self._tree.path(key, make=True)
            if digest.size > SMALL and os.path.lexists(path):
                return False
            size = min(BLOCK, digest.size + 1)  # a buffer that is much too large costs more than a small file
            with Content(key, content, digest) as blocks:
                while block := blocks.read(size):
                    file.write(block)
            file.close()
            is_ours = self._link(file.path, key, path)
        self._is_unsettled = True
        return is_ours

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        """Compare and rename under the lock. ``moment`` becomes the file's time, which web servers tell clients."""
        self.settle()  # what this may name must not be lost when this is not
        with _Explained(key), self._whole(content, moment) as temporary, self._scratch.lock():
            found = self.read(key)
            if (found[1] if found else None) != token:
                return False
            self._rename(temporary, key)
            return True

    def put(self, key: str, content: bytes) -> None:
        """Rename, whatever is there."""
        with _Explained(key), self._whole(content, None) as temporary, self._scratch.lock():
            self._rename(temporary, key)

    def token(self, content: bytes) -> Token:
        """Its SHA-256."""
        return Token(hashlib.sha256(content).hexdigest())

    def renew(self, key: str) -> bool:
        """Touch the file, while nobody is about to remove it."""
        with _Explained(key), self._scratch.lock():
            try:
                os.utime(self._tree.path(key), follow_symlinks=False)
            except FileNotFoundError:
                return False
        return True

    def delete(self, key: str, modified: datetime | None = None) -> None:
        """Remove the file, under the lock that who renews it takes; its directory stays."""
        with _Explained(key), contextlib.suppress(FileNotFoundError), self._scratch.lock():
            path = self._tree.path(key)
            if modified is None or stored(key, os.lstat(path)).modified <= modified:
                os.unlink(path)

    def settle(self) -> None:
        """One syncfs(2), whatever the number of files."""
        if self._is_unsettled:
            self._is_unsettled = False
            with _Explained(self._tree.root):
                sync_file_system(self._tree.root)

    def ahead(self) -> timedelta:
        """Nothing: the clock is the same."""
        return timedelta()

    def probe(self) -> None:
        """Nothing: link(2), rename(2) and flock(2) are what they are."""

    def _link(self, temporary: str, key: str, path: str) -> bool:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except FileNotFoundError:  # somebody tidied up and took the empty directory with him
            self._tree.forget()
            return self._link(temporary, key, self._tree.path(key, make=True))
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return self._rename_if_free(temporary, path)
        return True

    def _rename_if_free(self, temporary: str, path: str) -> bool:
        with self._scratch.lock():
            if os.path.lexists(path):
                return False
            os.rename(temporary, path)
            return True

    def _rename(self, temporary: str, key: str) -> None:
        """Durably: the name, and the directories that lead to it."""
        path = self._tree.path(key, make=True)
        if os.path.islink(path):
            raise link_found(path)
        os.rename(temporary, path)
        for directory in self._tree.ancestors(key):
            sync(directory)

    @contextmanager
    def _whole(self, content: bytes, moment: datetime | None) -> Iterator[str]:
        """A durable temporary file. It is written before anybody has to wait for us."""
        with self._scratch.file() as file:
            file.write(content)
            file.sync(moment)
            file.close()
            yield file.path


class _Explained:
    """A block whose OSErrors are about ``key``."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise StoreError(
                f"the archive cannot be read or written: {error.strerror}",
                where=error.filename if isinstance(error.filename, str) else self._key,
                hint="what was published before is whole; when this is mended, publish again",
            ) from error
