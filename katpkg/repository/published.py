"""A package as an archive's index tells of it, whatever the index looks like."""

from __future__ import annotations

from dataclasses import dataclass

from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName
from katpkg.model.version import Version

Key = tuple[PackageName, Version, Architecture]
"""What there can be one of in an archive, and the order of an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPackage:
    """One package of an index, and the very bytes that the index has of it."""

    key: Key
    filename: str
    """Its key in the archive."""
    digest: Digest
    inputs: str
    """The digest of what it was built from; empty when it was not built by us."""
    text: bytes

    @property
    def name(self) -> PackageName:
        """The package's name."""
        return self.key[0]

    @property
    def version(self) -> Version:
        """Its version."""
        return self.key[1]

    @property
    def architecture(self) -> Architecture:
        """Its architecture, in Debian's words, or all."""
        return self.key[2]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
