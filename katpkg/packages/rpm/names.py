"""What the packages of other archives are called in a release of RPMs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from katpkg.model.target import Release

SHIPPED = Path(__file__).with_name("names.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What packages are called."""

    own: Collection[str]
    """Packages of this archive, which are called the same."""
    others: Mapping[str, str]
    """By Debian's name; empty where nothing is needed."""

    @classmethod
    def of(cls, release: Release, own: Collection[str]) -> Names:
        """As they are in ``release``: the table that is shipped, and over it what the definition says."""
        return cls(own=own, others={**_shipped(), **dict(_pairs(release.names))})


@cache
def _shipped() -> Mapping[str, str]:
    lines = SHIPPED.read_text().splitlines()
    return dict(_pairs(line for line in lines if line and not line.startswith("#")))


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, called = line.partition("=")
        yield name.strip(), called.strip()
