"""Versions: from Python's order (PEP 440) to dpkg's (deb-version(7)), and the revision that packaging adds.

The two orders differ in what dpkg would sort the wrong way round if it were pasted; each is spelled anew:

    PEP 440         here            because in dpkg's order
    1.0.dev3        1.0~~dev3       ~~ sorts before ~, which sorts before the end
    1.0a1, b1, rc2  1.0~a1, ~rc2    ~ sorts before the end
    1.0.post1       1.0post1        a letter sorts after the end and before the next dot
    1!1.0           1:1.0           an epoch is an epoch
    1.0+local       1.0             the local part names a build, not a version; it goes to the changelog

No version of ours contains a plus sign: plain HTTP clients and S3 disagree on what it means in a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Self

from debian.debian_support import NativeVersion
from packaging.version import InvalidVersion
from packaging.version import Version as PythonVersion

from katpkg.model.target import Release

_VALID = re.compile(r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~-]*")
_REVISION = re.compile(r"(?P<upstream>.+)-(?P<revision>[0-9]+)(?P<suffix>~[a-z]+[0-9.]+(?:u1)?)")


@total_ordering
class Version(str):
    """A Debian version, ordered as dpkg orders it."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """``text``, or ValueError when dpkg would refuse it."""
        if _VALID.fullmatch(text) is None:
            raise ValueError(f"{text!r} is no Debian version: a digit first, then letters, digits and . + ~ -")
        return super().__new__(cls, text)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return bool(NativeVersion(str(self)) < NativeVersion(str(other)))

    # str has these too, and total_ordering leaves alone what is there.
    def __gt__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return bool(NativeVersion(str(self)) > NativeVersion(str(other)))

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    @property
    def is_development(self) -> bool:
        """Whether it came from an untagged commit; such versions go only where testers look."""
        return "~~dev" in self

    @property
    def without_epoch(self) -> str:
        """As it stands in file names."""
        return self.partition(":")[2] if ":" in self else str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An upstream version in dpkg's spelling, and the local part that was left out of it."""

    version: Version
    local: str = ""


def translate(text: str) -> Upstream:
    """The upstream version ``text`` in dpkg's spelling; see the table above.

    Takes PEP 440's spelling, a leading ``v`` and the half-translated ``1.20.0~rc2`` that upstream's own packages
    carry. What is no PEP 440 version at all is taken as it is when dpkg takes it and nobody could take a part of it
    for a revision. Raises ValueError.
    """
    if text != text.strip():
        raise ValueError(f"{text!r} is no version: there is white space around it")
    try:
        parsed = PythonVersion(text.replace("~", ""))
    except InvalidVersion:
        return Upstream(version=_plain(text))
    parts = [f"{parsed.epoch}:" if parsed.epoch else "", ".".join(map(str, parsed.release))]
    if parsed.pre is not None:
        parts.append(f"~{parsed.pre[0]}{parsed.pre[1]}")
    if parsed.post is not None:
        parts.append(f"post{parsed.post}")
    if parsed.dev is not None:
        parts.append(f"~~dev{parsed.dev}")
    return Upstream(version=Version("".join(parts)), local=parsed.local or "")


def _plain(text: str) -> Version:
    if "-" in text or "+" in text:
        raise ValueError(f"{text!r} is neither a PEP 440 version nor free of + and -")
    return Version(text)


def with_revision(upstream: Version, revision: int, release: Release) -> Version:
    """The version of package number ``revision`` of ``upstream`` for ``release``: 1.20.1-1~deb12u1."""
    return Version(f"{upstream}-{revision}{release.revision_suffix}")


def next_revision(upstream: Version, release: Release, published: list[Version]) -> int:
    """The first revision of ``upstream`` for ``release`` that ``published`` does not have, 1 when there is none."""
    taken = [0]
    for version in published:
        match = _REVISION.fullmatch(version)
        if match and match["upstream"] == upstream and match["suffix"] == release.revision_suffix:
            taken.append(int(match["revision"]))
    return max(taken) + 1
