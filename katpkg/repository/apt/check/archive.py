"""A published archive as it is checked: files that may be missing, unreadable, or not what they should be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cached_property
from typing import BinaryIO, Protocol, TypeVar, runtime_checkable

from katpkg.errors import StoreError
from katpkg.repository.apt.check.findings import Findings
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.base import Listed
from katpkg.repository.publication import Token

BLOCK = 1 << 20

Given = TypeVar("Given")
Taken = TypeVar("Taken")


class Files(Protocol):
    """Where an archive is published; every store is one."""

    @property
    def parallel(self) -> int:
        """How many calls at once make it quicker."""

    def where(self, key: str) -> str:
        """The path or URL of ``key``, for people."""

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The bytes under a key, or None."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO] | None:
        """The same as a stream."""

    def look(self, key: str) -> Listed | None:
        """What a listing says about ``key``, or None."""


@runtime_checkable
class Listable(Protocol):
    """Files that can be listed: a web server's cannot."""

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every file whose key begins with ``prefix``."""


@runtime_checkable
class Cached(Protocol):
    """Files that are served over HTTP by headers that we can see."""

    def cache_control(self, key: str) -> str | None:
        """What clients are told about keeping ``key``; None when nothing is said."""


class Archive:
    """``files``, read without ever failing: what cannot be read is a finding. Remembers listings."""

    def __init__(self, files: Files, findings: Findings) -> None:
        self._files = files
        self.findings = findings
        self._unreadable: set[str] = set()
        self.can_list = isinstance(files, Listable)
        """Whether it is known what there is besides what is named."""

    @cached_property
    def dists(self) -> dict[str, Listed]:
        """Every file below dists/. Raises StoreError; nothing when that cannot be known."""
        return self._list("dists/")

    @cached_property
    def pool(self) -> dict[str, Listed]:
        """Every file below pool/. Raises StoreError; nothing when that cannot be known."""
        return self._list("pool/")

    def forget(self) -> None:
        """Look anew at what there is."""
        for listing in ("dists", "pool"):
            self.__dict__.pop(listing, None)

    def where(self, key: str) -> str:
        """For people."""
        return self._files.where(key)

    def has_failed(self, key: str) -> bool:
        """Whether ``key`` was found unreadable, and that was told."""
        return key in self._unreadable

    def read(self, suite: str, key: str) -> bytes | None:
        """The bytes under ``key``; None when it is missing or cannot be read."""
        found = self._try(suite, key, self._files.read)
        return found[0] if found else None

    def look(self, suite: str, key: str) -> Listed | None:
        """What a listing says, asked for only where there was none."""
        for prefix, listing in (("dists/", "dists"), ("pool/", "pool")):
            if key.startswith(prefix) and self.can_list:
                entries: dict[str, Listed] = getattr(self, listing)
                return entries.get(key)
        return self._try(suite, key, self._files.look)

    def blocks(self, suite: str, key: str, most: int) -> Iterator[bytes]:
        """The bytes under ``key``, and one block more than ``most`` when there are more; nothing when it is missing."""
        try:
            stream = self._files.open(key)
            if stream is None:
                return
            with stream as file:
                while most >= 0 and (block := file.read(BLOCK)):
                    most -= len(block)
                    yield block
        except (StoreError, OSError) as error:
            self._tell(suite, key, error)

    def measure(self, suite: str, key: str, algorithm: str, most: int) -> tuple[int, str] | None:
        """The size and, in hex, the digest of what is under ``key``; None when it is missing or cannot be read.

        Of what is larger than ``most`` no more is read than shows that.
        """
        engine, size = hashlib.new(algorithm, usedforsecurity=False), 0
        for block in self.blocks(suite, key, most):
            engine.update(block)
            size += len(block)
        is_there = size > 0 or self.look(suite, key) is not None
        return (size, engine.hexdigest()) if is_there and not self.has_failed(key) else None

    def cache_control(self, suite: str, key: str) -> str | None:
        """What clients are told about keeping ``key``; None when nothing is said, or nobody is told anything."""
        files = self._files
        return self._try(suite, key, files.cache_control) if isinstance(files, Cached) else None

    def at_once(self, do: Callable[[Given], Taken], each: Sequence[Given]) -> Iterator[Taken]:
        """``do`` of ``each``, in order, several at once where that is quicker."""
        if self._files.parallel == 1 or len(each) < 2:
            yield from map(do, each)
            return
        with ThreadPoolExecutor(min(self._files.parallel, len(each))) as threads:
            yield from threads.map(do, each)

    def _list(self, prefix: str) -> dict[str, Listed]:
        return {each.key: each for each in self._files.list(prefix)} if isinstance(self._files, Listable) else {}

    def _try(self, suite: str, key: str, ask: Callable[[str], Taken | None]) -> Taken | None:
        try:
            return ask(key)
        except StoreError as error:
            self._tell(suite, key, error)
            return None

    def _tell(self, suite: str, key: str, error: StoreError | OSError) -> None:
        if key not in self._unreadable:
            self._unreadable.add(key)
            self.findings.add(Rule.UNREADABLE, suite, self.where(key), f"it cannot be read: {error}")
