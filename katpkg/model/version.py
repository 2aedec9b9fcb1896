"""Debian versions: dpkg's order (deb-version(7)), and the revision that packaging adds."""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import Self

from katpkg.model.target import Release

_VALID = re.compile(r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~-]*")
_REVISION = re.compile(r"(?P<upstream>.+)-(?P<revision>[0-9]+)(?P<suffix>~[a-z]+[0-9.]+(?:u1)?|\.[a-z]+[0-9]+)")
_PART = re.compile(r"([^0-9]*)([0-9]*)")

_END = (0,)


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
        return _order(str(self)) < _order(str(other))

    # str has these too, and total_ordering leaves alone what is there.
    def __gt__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return _order(str(self)) > _order(str(other))

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    def is_equal(self, other: Self) -> bool:
        """Whether dpkg finds no difference: 1.0 is 1.00, and 1.0-0."""
        return _order(str(self)) == _order(str(other))

    @property
    def is_development(self) -> bool:
        """Whether it came from an untagged commit; such versions go only where testers look."""
        return "~~dev" in self

    @property
    def without_epoch(self) -> str:
        """As it stands in file names."""
        return self.partition(":")[2] if ":" in self else str(self)


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


@lru_cache(maxsize=1 << 16)
def _order(text: str) -> tuple[object, ...]:
    """What Python compares as dpkg compares ``text``: epoch, upstream version, revision (deb-version(7))."""
    epoch, colon, rest = text.rpartition(":")
    upstream, hyphen, revision = rest.rpartition("-")
    return int(epoch) if colon else 0, *(map(_order_of_part, (upstream, revision) if hyphen else (revision, "")))


def _order_of_part(text: str) -> tuple[object, ...]:
    """Runs of letters and runs of digits by turns, then the end. A tilde sorts before the end, letters before the rest.

    The first pair is always there, so that an empty part is a zero: 1.0 is 1.0-0.
    """
    first, *others = _PART.findall(text)
    pairs = [first, *(pair for pair in others if any(pair))]
    return (*(each for pair in pairs for each in _order_of_pair(*pair)), _END)


def _order_of_pair(letters: str, digits: str) -> tuple[tuple[int, ...], int]:
    return tuple(map(_weight, letters)) + _END, int(digits or 0)


def _weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
