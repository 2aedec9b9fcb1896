"""The package files: there, of the size that is listed, and, as many as are asked for, of the digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from katpkg.repository.apt.check.archive import Archive
from katpkg.repository.apt.check.contents import Contents
from katpkg.repository.apt.check.release import SECTIONS
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.stanzas import Promise
from katpkg.repository.base import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """How much was read."""

    files: int
    size: int


def check_pool(archive: Archive, contents: Contents, sample: int | None) -> Hashed:
    """Every file that an index names; ``sample`` of them are read, the newest first, or all when it is None."""
    there = list(_check_presence(archive, contents))
    there.sort(key=lambda entry: (entry.modified, entry.key), reverse=True)
    chosen = there if sample is None else there[:sample]
    for entry, is_right in zip(chosen, _are_right(archive, contents, chosen), strict=True):
        promise = contents.files[entry.key]
        if not is_right and not archive.has_failed(entry.key):
            what = f"its {promise.kind} is not the one that is listed"
            archive.findings.add(Rule.PACKAGE_WRONG, promise.suite, archive.where(entry.key), what)
    return Hashed(files=len(chosen), size=sum(entry.size for entry in chosen))


def check_orphans(archive: Archive, contents: Contents) -> None:
    """What lies in the pool, and no index of any suite names."""
    orphans = [entry for key, entry in archive.pool.items() if key not in contents.files and not key.endswith(".rpm")]
    if orphans:
        archive.findings.add(Rule.POOL_ORPHANS, "", archive.where("pool"), _many(orphans))


def _check_presence(archive: Archive, contents: Contents) -> Iterator[Listed]:
    """The files that are there and have the right size."""

    def look(named: tuple[str, Promise]) -> Listed | None:
        return archive.look(named[1].suite, named[0])

    files = list(contents.files.items())
    for (key, promise), entry in zip(files, archive.at_once(look, files), strict=True):
        if entry is None and not archive.has_failed(key):
            what = "an index names it, and it is not there"
            archive.findings.add(Rule.PACKAGE_MISSING, promise.suite, archive.where(key), what)
        elif entry is not None and entry.size != promise.size:
            what = f"it has {entry.size} bytes, and {promise.size} are listed"
            archive.findings.add(Rule.PACKAGE_SIZE, promise.suite, archive.where(key), what)
        elif entry is not None:
            yield entry


def _are_right(archive: Archive, contents: Contents, chosen: Sequence[Listed]) -> Iterator[bool]:
    def is_right(entry: Listed) -> bool:
        promise = contents.files[entry.key]
        found = archive.measure(promise.suite, entry.key, SECTIONS[promise.kind], promise.size)
        return found == (promise.size, promise.digest)

    return archive.at_once(is_right, chosen)


def _many(entries: Sequence[Listed]) -> str:
    size = sum(entry.size for entry in entries)
    return f"{len(entries)} files ({size} bytes) are named by nothing that is published now: {entries[0].key}, …"
