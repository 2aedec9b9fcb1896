"""A version as RPM has it. Elsewhere a version is Debian's, upstream-revision, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from katpkg.model.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Evr:
    """A version as RPM has it. Both sort a tilde before everything, and the versions that are made here alike."""

    epoch: int
    version: str
    release: str

    @classmethod
    def of(cls, version: Version) -> Self:
        """``version`` in its parts: 1:1.0~rc1-1.el9 has epoch 1, version 1.0~rc1 and release 1.el9.

        Raises ValueError.
        """
        epoch, colon, _ = version.partition(":")
        upstream, hyphen, release = version.without_epoch.rpartition("-")
        if not hyphen:
            upstream, release = release, "1"
        if "-" in upstream:
            raise ValueError(f"{version!r} has two hyphens, and an RPM's version has none")
        return cls(epoch=int(epoch) if colon else 0, version=upstream, release=release)

    def __str__(self) -> str:
        epoch = f"{self.epoch}:" if self.epoch else ""
        return f"{epoch}{self.version}-{self.release}"
