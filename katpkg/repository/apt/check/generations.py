"""The states that a suite was in before: signed by us, called what they are, and whole as long as they must be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from katpkg.errors import KatpkgError
from katpkg.model.digests import Digest
from katpkg.repository.apt import layout
from katpkg.repository.apt.check.release import PACKAGES, ListedFile, ReleaseFile, parse_date
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite

GENERATION = re.compile(r"generations/(?P<name>[^/]+)/InRelease")


@dataclass(slots=True, kw_only=True)
class History:
    """What earlier states name."""

    named: set[str] = field(default_factory=set)
    """Files under their digests, relative to the suite."""
    texts: dict[str, ListedFile] = field(default_factory=dict)
    """By the digest of an index's plain text, a compressed form of it."""
    is_complete: bool = True
    """Whether every earlier state could be read."""

    def add(self, release: ReleaseFile) -> None:
        """What ``release`` names."""
        self.named.update(listed.by_hash for listed in release.files.values())
        for path, listed in release.files.items():
            for form in release.forms_of(path)[1:2] if PACKAGES.fullmatch(path) else ():
                self.texts[listed.digest] = form


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    path: str
    date: datetime
    release: ReleaseFile


def check_generations(suite: Suite) -> History:
    """Every earlier state that is kept."""
    found = [_read(suite, name, path) for name, path in _paths(suite)]
    earlier = sorted((each for each in found if each), key=lambda each: each.date, reverse=True)
    history = History(is_complete=None not in found)
    for number, each in enumerate(earlier):
        history.add(each.release)
        if number < suite.demands.kept or suite.now - each.date < suite.demands.kept_for:
            _check_whole(suite, each)
    return history


def _paths(suite: Suite) -> Iterator[tuple[str, str]]:
    prefix = suite.key("")
    for key in suite.archive.dists if suite.archive.can_list else ():
        if key.startswith(prefix) and (found := GENERATION.fullmatch(key.removeprefix(prefix))):
            yield found["name"], found[0]


def _read(suite: Suite, name: str, path: str) -> _Earlier | None:
    content = suite.read(path)
    if content is None:
        return None
    try:
        text = suite.witness.judge(content, suite.where(path)).text
    except KatpkgError as error:
        suite.tell(Rule.GENERATION_UNSIGNED, path, error.message)
        return None
    release = ReleaseFile.parse(text)
    try:
        date = parse_date(release.fields.get("Date", ""))
    except ValueError as error:
        suite.tell(Rule.GENERATION_NAME, path, str(error))
        return None
    if layout.generation_name(date, Digest.of(content).sha256) != name:
        suite.tell(Rule.GENERATION_NAME, path, "its name says another date or digest than it has")
    return _Earlier(path=path, date=date, release=release)


def _check_whole(suite: Suite, earlier: _Earlier) -> None:
    missing = [
        listed.path
        for listed in earlier.release.files.values()
        if earlier.release.is_stored(listed) and not suite.has(listed.by_hash)
    ]
    if missing:
        more = f" and {len(missing) - 1} more of its files" if len(missing) > 1 else ""
        suite.tell(Rule.GENERATION_BROKEN, earlier.path, f"its {missing[0]}{more} are not there any more")
