"""Contents: which packages have a file, as apt-file(1) asks. A line is a path and packages, each as section/name.

It names packages and not their versions, as Debian's do: a path stays while any version of a package is published that
had it once, and goes with the last version.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import PackageName
from katpkg.repository.apt.blocks import ORDINARY, Sizes, gzip, read_members
from katpkg.repository.apt.rewrite import Rewriting, with_following
from katpkg.repository.apt.stanza import Stanza

Line = tuple[bytes, bytes]
"""A path from the root, without its slash, and one owner of it: section/name."""

_SECTION = re.compile(rb"^Section: *([A-Za-z0-9/+._-]+) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The Contents of one component and architecture; one block of it is in memory at a time.

    Its methods raise RepositoryError when it cannot be read.
    """

    where: str
    """Its key, for people."""
    gz: bytes = field(default_factory=lambda: gzip(b""))
    """Nobody has anything, where it is not there yet."""
    plain: Digest = field(default_factory=lambda: Digest.of(b""))

    def lines_of(self, names: Collection[PackageName]) -> Iterator[Line]:
        """Every line of the packages ``names``."""
        for plain, _ in self._blocks():
            if _mentions(plain, names):
                for path, owners in self._table(plain).items():
                    yield from ((path, owner) for owner in owners if _name_of(owner) in names)

    def revised(self, add: Iterable[Line], gone: Collection[PackageName] = (), sizes: Sizes = ORDINARY) -> Contents:
        """The Contents with ``add`` and without the packages ``gone``, in one pass."""
        rewriting: Rewriting[bytes | memoryview] = Rewriting(gzip, sizes)
        waiting = sorted(add, reverse=True)
        for plain, member, following in with_following(self._blocks(), self._first_path):
            now = _take_before(waiting, following)
            if rewriting.is_at_cut and not now and not _mentions(plain, gone):
                rewriting.copy(plain, member)
                continue
            for text in _merge(self._table(plain), now, gone):
                rewriting.add(text, plain, member)
        gz = b"".join(rewriting.finish()) or gzip(b"")
        return Contents(where=self.where, gz=gz, plain=rewriting.digest)

    def _blocks(self) -> Iterator[tuple[bytes, memoryview]]:
        try:
            yield from read_members(self.gz)
        except (zlib.error, EOFError) as error:
            raise self._unreadable(error) from error

    def _table(self, plain: bytes) -> dict[bytes, list[bytes]]:
        """The owners of each path."""
        table = {}
        for text in plain.split(b"\n")[:-1]:
            path, _, owners = text.rpartition(b" ")
            if not path:
                raise self._unreadable(ValueError(f"{text!r} names no package"))
            table[path] = owners.split(b",")
        return table

    def _first_path(self, plain: bytes) -> bytes:
        return next(iter(self._table(plain[: plain.find(b"\n") + 1])), b"")

    def _unreadable(self, error: Exception) -> RepositoryError:
        return RepositoryError(
            "the published Contents cannot be read",
            where=self.where,
            hint="publish once with publish.contents = false, then with true: it is made anew",
            details=repr(error),
        )


def lines(stanza: Stanza, members: Iterable[str]) -> Iterator[Line]:
    """What a package adds; directories (they end in a slash) belong to everybody, and are not listed."""
    section = _SECTION.search(stanza.text)
    owner = b"/".join([*(section.groups() if section else ()), stanza.name.encode()])
    for member in members:
        if not member.endswith("/"):
            yield member[1:].encode("utf-8", "surrogateescape"), owner


def _take_before(waiting: list[Line], following: bytes | None) -> list[Line]:
    """Take off what comes before the path ``following``; ``waiting`` has its first at its end."""
    taken = []
    while waiting and (following is None or waiting[-1][0] < following):
        taken.append(waiting.pop())
    return taken


def _merge(table: dict[bytes, list[bytes]], add: Iterable[Line], gone: Collection[PackageName]) -> Iterator[bytes]:
    """The lines that come of it, in order. Of a package that has changed its section, the new one counts."""
    for path, owner in add:
        others = [each for each in table.get(path, ()) if _name_of(each) != _name_of(owner)]
        table[path] = sorted([*others, owner])
    for path, owners in sorted(table.items()):
        if left := [owner for owner in owners if _name_of(owner) not in gone]:
            yield b"%s %s\n" % (path, b",".join(left))


def _name_of(owner: bytes) -> str:
    return owner.rpartition(b"/")[2].decode()


def _mentions(plain: bytes, names: Collection[PackageName]) -> bool:
    """Whether lines of ``names`` may be among those of ``plain``; it is quicker to see than which."""
    if not names:
        return False
    either = b"|".join(re.escape(name.encode()) for name in names)
    return re.search(rb"[ ,/](?:%s)[,\n]" % either, plain) is not None
