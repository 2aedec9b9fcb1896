"""Where to publish: one suite of an apt archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from katpkg.model.names import Architecture, Codename, Component, Line, SuiteName
from katpkg.model.target import PackageFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSpec:
    """What a suite's Release file says about it, apart from its packages.

    Origin, Label and Codename are for ever: a client refuses an archive that changes them (apt-secure(8)).
    """

    name: SuiteName
    codename: Codename
    component: Component
    """Where new packages go; a suite may have others."""
    architectures: tuple[Architecture, ...]
    """What clients may have; never ``all``, whose packages appear in the index of each of these."""
    origin: Line
    label: Line
    description: Line
    valid_for: timedelta | None = None
    """How long clients may rely on a Release; None: for ever, and a frozen mirror is not noticed."""
    contents: bool = False
    """Whether it has Contents, which say what file is in what package."""
    format: PackageFormat = PackageFormat.DEB
    patches: bool = True
    """Whether large indexes get pdiffs, so that a client fetches what changed and no more."""

    @property
    def is_stable(self) -> bool:
        """Whether it is what users follow, rather than a channel for testers."""
        return str(self.name) == str(self.codename)
