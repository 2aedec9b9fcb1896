"""Keys as files below a directory, and nothing outside of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter

from katpkg.errors import StoreError
from katpkg.store.base import HIDDEN, Stored


class Tree:
    """The directory ``root``. A symbolic link in it is never followed: it could lead anywhere."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._known: set[str] = set()
        """Directories that are there and are no links: each is looked at once."""

    def where(self, key: str) -> str:
        """The path of ``key``, unchecked: for people."""
        return f"{self.root}/{key}"

    def path(self, key: str, *, make: bool = False) -> str:
        """The path of ``key``, checked, its directory made if ``make`` says so.

        Raises StoreError for what leads elsewhere, FileNotFoundError when there is no such directory.
        """
        directory, _, name = key.rpartition("/")
        known = not directory or directory in self._known
        sound = _is_name(name) and (known or all(map(_is_name, directory.split("/"))))
        if not sound or key.startswith((HIDDEN, "/")):
            raise StoreError(f"{key!r} is no key of an archive", hint="name objects by relative paths without . or ..")
        if not known:
            self._enter(directory, make=make)
        return f"{self.root}/{key}"

    def ancestors(self, key: str) -> Iterator[str]:
        """The directories that ``key`` lies in, the nearest first, the root last."""
        while key:
            key = key.rpartition("/")[0]
            yield self.where(key)

    def forget(self) -> None:
        """Look at every directory again: somebody removed one."""
        self._known.clear()

    def walk(self, prefix: str) -> Iterator[Stored]:
        """Every file whose key begins with ``prefix``, sorted by key; links and what is hidden are left out."""
        yield from self._below("", prefix)

    def _below(self, directory: str, prefix: str) -> Iterator[Stored]:
        for key, entry in self._entries(directory):
            if key.startswith(HIDDEN):
                continue
            if key.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._below(key, prefix)
            elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    yield stored(key, entry.stat(follow_symlinks=False))

    def _entries(self, directory: str) -> list[tuple[str, os.DirEntry[str]]]:
        """With a slash after directories, so that sorting sorts all that is below them too."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self.where(directory)) as entries:
            named = [(f"{directory}{it.name}{'/' * it.is_dir(follow_symlinks=False)}", it) for it in entries]
            return sorted(named, key=itemgetter(0))
        return []

    def _enter(self, directory: str, *, make: bool) -> None:
        if not directory or directory in self._known:
            return
        self._enter(directory.rpartition("/")[0], make=make)
        path = self.where(directory)
        if make:
            make_directory(path)
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise link_found(path)
        self._known.add(directory)


def _is_name(part: str) -> bool:
    return part not in ("", ".", "..") and "\0" not in part


def make_directory(path: str) -> None:
    """Make a directory that a web server can read, whatever the umask; one that exists is left as it is."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
        os.chmod(path, 0o755)  # noqa: S103 - it is to be served


def stored(key: str, status: os.stat_result) -> Stored:
    """What a listing says about a file."""
    return Stored(key=key, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, UTC))


def link_found(path: str) -> StoreError:
    """The error for a symbolic link where a file or directory of the archive should be."""
    return StoreError("there is a symbolic link inside the archive", where=path, hint=f"look at {path}, and remove it")
