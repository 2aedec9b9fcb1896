"""What every package format can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from katpkg.model.binary import BinaryPackage
from katpkg.model.package import PackageSpec
from katpkg.model.target import Release


class Builder(Protocol):
    """Makes packages of one format."""

    def render(self, spec: PackageSpec, into: Path) -> Path:
        """Write the source tree that the format's own tools build the package from, and return it."""

    def build(self, spec: PackageSpec, work: Path) -> BinaryPackage:
        """Build ``spec`` in the empty directory ``work`` and read the result back. Raises BuildError."""

    def check(self, package: BinaryPackage, release: Release) -> None:
        """Raise BuildError when the format's own critic finds fault with ``package``."""

    def compare(self, first: BinaryPackage, second: BinaryPackage) -> None:
        """Raise BuildError, which says in what, when two builds of one thing differ."""
