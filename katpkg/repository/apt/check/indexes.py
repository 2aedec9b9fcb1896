"""The files that Release lists: there, under their digests and their names, and every form of an index the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from katpkg.repository.apt.check.plain import Damaged, Expansion
from katpkg.repository.apt.check.release import ITSELF, PACKAGES, SECTIONS, ListedFile, ReleaseFile
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite

ROOM = 1 << 30
"""Bytes of an index whose plain size nobody tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A file that is there, with the bytes that are listed."""

    listed: ListedFile
    path: str
    """Under its digest, or its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOf:
    """An index in all its forms that are there."""

    component: str
    architecture: str
    """What packages it is about; both are empty when it is about something else."""
    plain: ListedFile | None
    forms: tuple[Readable, ...]


def check_files(suite: Suite, release: ReleaseFile) -> tuple[IndexOf, ...]:
    """Each listed file; the indexes that can be read further."""
    stems = dict.fromkeys(listed.stem for listed in release.files.values() if not _is_told(listed))
    found = []
    for stem in stems:
        forms = release.forms_of(stem)
        readable = tuple(each for form in forms if (each := _check_file(suite, release, form)))
        named = PACKAGES.fullmatch(stem)
        component, architecture = (named["component"], named["architecture"]) if named else ("", "")
        plain = release.files.get(stem)
        found.append(IndexOf(component=component, architecture=architecture, plain=plain, forms=readable))
    return tuple(found)


def expand(suite: Suite, index: IndexOf, form: Readable) -> Iterator[bytes]:
    """The plain text of ``form``, piece by piece; at its end it is told whether it was the one that is listed."""
    most = index.plain.size if index.plain else ROOM
    kind = index.plain.kind if index.plain else "SHA256"
    engine, size = hashlib.new(SECTIONS[kind], usedforsecurity=False), 0
    blocks = suite.archive.blocks(suite.name, suite.key(form.path), form.listed.size)
    expansion = Expansion(form.listed.form, blocks)
    try:
        for piece in expansion:
            engine.update(piece)
            size += len(piece)
            yield piece
            if size > most:
                break
    except Damaged as error:
        suite.tell(Rule.INDEX_DAMAGED, form.path, f"{form.listed.path} cannot be read: {error}")
        return
    if form.listed.form == ".xz" and expansion.streams > 1:
        suite.tell(Rule.XZ_STREAMS, form.path, f"{form.listed.path} is more than one .xz stream")
    if index.plain and (size, engine.hexdigest()) != (index.plain.size, index.plain.digest):
        suite.tell(Rule.FORMS_DIFFER, form.path, f"{form.listed.path} holds another text than {index.plain.path}")


def _check_file(suite: Suite, release: ReleaseFile, listed: ListedFile) -> Readable | None:
    """The file where it is right; what is wrong is told."""
    if not listed.size or not release.is_stored(listed):
        rule = Rule.COPY_WRONG if release.has_by_hash else Rule.INDEX_WRONG
        return _readable(suite, listed, listed.path, None, rule)
    if not release.has_by_hash:
        return _readable(suite, listed, listed.path, Rule.INDEX_MISSING, Rule.INDEX_WRONG)
    by_hash = _readable(suite, listed, listed.by_hash, Rule.BY_HASH_MISSING, Rule.BY_HASH_WRONG)
    copy = _readable(suite, listed, listed.path, Rule.COPY_MISSING, Rule.COPY_WRONG)
    return by_hash or copy


def _readable(suite: Suite, listed: ListedFile, path: str, missing: Rule | None, wrong: Rule) -> Readable | None:
    found = suite.archive.measure(suite.name, suite.key(path), SECTIONS[listed.kind], listed.size)
    if found == (listed.size, listed.digest):
        return Readable(listed=listed, path=path)
    if suite.has_failed(path):
        return None
    if found is not None:
        suite.tell(wrong, path, _difference(found[0], listed))
    elif missing is not None:
        suite.tell(missing, path, f"{listed.path} is listed, and not there")
    return None


def _difference(size: int, listed: ListedFile) -> str:
    if size > listed.size:
        return f"it has more than the {listed.size} bytes that are listed"
    return (
        f"it has {size} bytes, and {listed.size} are listed" if size < listed.size else "its digest is not the listed"
    )


def _is_told(listed: ListedFile) -> bool:
    """Whether it should not be listed at all, which was told."""
    return listed.path in ITSELF or listed.path.startswith("/") or ".." in listed.path.split("/")
