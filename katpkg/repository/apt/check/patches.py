"""pdiffs: a list that is about the index that is published, and patches that are there, whole, and lead to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from katpkg.repository.apt.check.generations import History
from katpkg.repository.apt.check.plain import Damaged, Expansion
from katpkg.repository.apt.check.release import PACKAGES, ReleaseFile
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite
from katpkg.repository.apt.stanza import parse_fields

LARGEST = 64 << 20
"""Bytes of a patch; a larger one would be worth nothing."""
COMMAND = re.compile(rb"(\d+)(?:,(\d+))?([acd])")

Row = tuple[str, int]
"""A digest and a size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Packages.diff/Index, as anybody writes it."""

    current: Row
    before: dict[str, Row]
    """The text that each patch starts from, the oldest first."""
    plain: dict[str, Row]
    download: dict[str, Row]
    """By the name of the file."""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises ValueError and KeyError when it is none that apt uses."""
        fields = parse_fields(content.decode())
        digest, size = fields["SHA256-Current"].split()
        before, plain = _rows(fields["SHA256-History"]), _rows(fields["SHA256-Patches"])
        if list(before) != list(plain):
            raise ValueError("its sections name different patches")
        return cls(
            current=(digest, int(size)),
            before=before,
            plain=plain,
            download=_rows(fields.get("SHA256-Download", "")),
        )


def check_patches(suite: Suite, release: ReleaseFile, history: History) -> None:
    """Every list of patches that Release names."""
    for path in release.files:
        stem = path.removesuffix(".diff/Index")
        content = suite.read(path) if stem != path and PACKAGES.fullmatch(stem) else None
        if content is None:
            continue  # no list; or one that is missing, which was told
        try:
            listed = Listed.parse(content)
        except (ValueError, KeyError) as error:
            suite.tell(Rule.PATCHES_MALFORMED, path, f"apt cannot use it: {error}")
            continue
        plain = release.files.get(stem)
        if plain is not None and plain.digests.get("SHA256") != listed.current[0]:
            suite.tell(Rule.PATCHES_STALE, path, "it leads to another index than the one that is listed")
        _check_each(suite, stem, listed, history)


def _check_each(suite: Suite, stem: str, listed: Listed, history: History) -> None:
    newest = next(reversed(listed.before), None)
    for name, expected in listed.plain.items():
        path = f"{stem}.diff/{name}.gz"
        content = suite.read(path)
        if content is None:
            if not suite.has_failed(path):
                suite.tell(Rule.PATCH_MISSING, path, "it is listed, and not there")
            continue
        packed = listed.download.get(f"{name}.gz")
        try:
            script = b"".join(Expansion(".gz", [content]))[:LARGEST]
        except Damaged:
            script = b""
        if (packed and packed != _row(content)) or _row(script) != expected:
            suite.tell(Rule.PATCH_WRONG, path, "its digest or size is not the one that is listed")
        elif name == newest:
            _check_leads(suite, path, script, listed, history)


def _check_leads(suite: Suite, path: str, script: bytes, listed: Listed, history: History) -> None:
    """The newest patch makes of the text before, where that can still be read, the one that is published."""
    before = history.texts.get(next(reversed(listed.before.values()))[0])
    if before is None or not suite.has(before.by_hash):
        return
    blocks = suite.archive.blocks(suite.name, suite.key(before.by_hash), before.size)
    engine = hashlib.sha256()
    try:
        for line in patched(_lines(Expansion(before.form, blocks)), script):
            engine.update(line)
    except (Damaged, ValueError) as error:
        suite.tell(Rule.PATCH_FAILS, path, f"it cannot be applied: {error}")
        return
    if engine.hexdigest() != listed.current[0]:
        suite.tell(Rule.PATCH_FAILS, path, "it does not lead to the index that is published")


def patched(lines: Iterable[bytes], script: bytes) -> Iterator[bytes]:
    """``lines`` as the ed script changes them. Raises ValueError when it is none."""
    rest, at = iter(lines), 0
    for start, gone, come in reversed(list(_hunks(script))):
        while at < start:
            yield _next(rest)
            at += 1
        for _ in range(gone):
            _next(rest)
        at += gone
        yield from come
    yield from rest


def _hunks(script: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
    """After how many lines how many go, and what comes; the last first, as scripts have it."""
    lines = iter(script.splitlines(keepends=True))
    for line in lines:
        found = COMMAND.fullmatch(line.rstrip(b"\n"))
        if found is None:
            raise ValueError(f"{line[:40]!r} is no command that apt knows")
        first, last, command = int(found[1]), int(found[2] or found[1]), found[3]
        come = [] if command == b"d" else list(iter(lambda: next(lines, b".\n"), b".\n"))
        yield (first, 0, come) if command == b"a" else (first - 1, last - first + 1, come)


def _next(lines: Iterator[bytes]) -> bytes:
    line = next(lines, None)
    if line is None:
        raise ValueError("it is about more lines than there are")
    return line


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _rows(text: str) -> dict[str, Row]:
    rows = [line.split() for line in text.split("\n") if line.strip()]
    return {name: (digest, int(size)) for digest, size, name in rows}


def _row(content: bytes) -> Row:
    return hashlib.sha256(content).hexdigest(), len(content)
