"""What a built package says of itself. Apart from what it is built of: publishing needs no more than this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName, SourceName
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version

INPUTS_FIELD = "Katpkg-Inputs"
"""The control field that carries the digest of everything a package was built from."""

Members = Callable[[], tuple[str, ...]]
"""Reads the paths of a package's files, links and directories, absolute and sorted; directories end in a slash.

They are read when somebody asks: few do, and a virtual environment has ten thousand. May raise BuildError.
"""


# packages of one name and version come one after the other, and can share them
_name = lru_cache(maxsize=256)(PackageName)
_version = lru_cache(maxsize=256)(Version)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryPackage:
    """A built package, known by reading the built file back."""

    file: str
    """Where it lies; a text, because an archive has fifty thousand of them."""
    digest: Digest
    fields: Mapping[str, str]
    """Its control fields, in their order; of an RPM, the same by the same names."""
    members: Members = field(repr=False, compare=False)
    format: PackageFormat = PackageFormat.DEB
    name: PackageName = field(init=False)
    version: Version = field(init=False)
    architecture: Architecture = field(init=False)
    source: str = field(init=False)
    """The name of its source package: its own, where it names none."""

    def __post_init__(self) -> None:
        """Read the names once: an archive of thousands asks for them often. Raises ValueError."""
        object.__setattr__(self, "name", _name(self.fields["Package"]))
        object.__setattr__(self, "version", _version(self.fields["Version"]))
        object.__setattr__(self, "architecture", Architecture(self.fields["Architecture"]))
        source = self.fields.get("Source")
        object.__setattr__(self, "source", SourceName(source.split(" ")[0]) if source else self.name)

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self.file)

    @property
    def inputs(self) -> str:
        """The digest of what it was built from; empty for packages made elsewhere."""
        return self.fields.get(INPUTS_FIELD, "")

    @property
    def filename(self) -> str:
        """Its name in the archive, which follows from its control file and from nothing else."""
        return self.format.filename(self.name, self.version.without_epoch, self.architecture)
