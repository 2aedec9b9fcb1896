"""built.json: which packages the last build made, or found made already, with all that publish needs to know of them.

What is planned to be published is what stands here. The files are not opened for that; whoever copies one into a store
compares it with the digest.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage, Members
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, PackageName, Sha256
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version
from katpkg.packages.deb import inspect as deb
from katpkg.packages.rpm import inspect as rpm

FORMAT = 2

LISTERS = {PackageFormat.DEB: deb.list_members, PackageFormat.RPM: rpm.list_members}
"""What reads the paths that a package holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A package file in the build directory of a release."""

    package: PackageName
    version: Version
    architecture: Architecture
    inputs: str
    digest: Digest
    fields: Mapping[str, str]
    """Its control fields, in their order."""
    members: Members = field(repr=False, compare=False)
    format: PackageFormat = PackageFormat.DEB

    @classmethod
    def of(cls, package: BinaryPackage, inputs: str) -> Self:
        """What is recorded of ``package``."""
        return cls(
            package=package.name,
            version=package.version,
            architecture=package.architecture,
            inputs=inputs,
            digest=package.digest,
            fields=package.fields,
            members=package.members,
            format=package.format,
        )

    @property
    def filename(self) -> str:
        """Its file below the release's build directory."""
        return self.format.filename(self.package, self.version.without_epoch, self.architecture)

    def is_whole(self, directory: Path) -> bool:
        """Whether its file is there with the bytes that were built."""
        return self.digest.is_of(directory / self.filename)

    def seems_whole(self, directory: Path) -> bool:
        """Whether its file is there with as many bytes as were built, without reading it."""
        return self.digest.fits(directory / self.filename)


def keep(package: BinaryPackage, directory: Path) -> BinaryPackage:
    """Move ``package`` into ``directory`` under its own name, whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / package.filename
    package.path.chmod(0o644)
    package.path.replace(path)
    return replace(package, file=str(path))


class BuildDirectory:
    """Where the packages of one release are: files, and built.json that says which of them count."""

    def __init__(self, root: Path, codename: Codename, package_format: PackageFormat = PackageFormat.DEB) -> None:
        self.path = root / codename
        self._format = package_format
        self._record = self.path / "built.json"
        self._members = self.path / "members"

    def read(self) -> tuple[Built, ...]:
        """What was built last; nothing when nothing ever was. Raises BuildError."""
        try:
            content = json.loads(self._record.read_bytes())
            if content["format"] != FORMAT:
                raise ValueError(f"it has format {content['format']}, and this katpkg writes format {FORMAT}")
            return tuple(self._parse(each) for each in content["packages"])
        except FileNotFoundError:
            return ()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BuildError(
                "the record of what was built cannot be read",
                where=str(self._record),
                hint=f"rm {self._record}; katpkg build",
                details=str(error),
            ) from error

    def elsewhere(self, root: Path) -> BuildDirectory:
        """The one of the same release below another ``root``."""
        return BuildDirectory(root, Codename(self.path.name), self._format)

    def exists(self) -> bool:
        """Whether anything was ever built for the release."""
        return self._record.is_file()

    def package(self, built: Built) -> BinaryPackage:
        """``built`` as a package in its place. Nothing is read."""
        file = f"{self.path}/{built.filename}"
        return BinaryPackage(
            file=file, digest=built.digest, fields=built.fields, members=built.members, format=built.format
        )

    def add(self, packages: Iterable[Built]) -> None:
        """Record ``packages`` too, each in place of what was built before as the same package."""
        known = {(each.package, each.architecture): each for each in (*self.read(), *packages)}
        self.write(known.values())

    def write(self, packages: Iterable[Built]) -> None:
        """Record ``packages``, and remove the files of those that no longer count."""
        kept = sorted(packages, key=lambda each: (each.package, each.architecture))
        self._members.mkdir(parents=True, exist_ok=True)
        for each in kept:
            if not self._listing(each.digest).exists() and each.seems_whole(self.path):
                _write(self._listing(each.digest), gzip.compress(_encode(each.members()), mtime=0))
        text = json.dumps(
            {"format": FORMAT, "packages": [_render(each) for each in kept]}, indent=2, ensure_ascii=False
        )
        _write(self._record, f"{text}\n".encode())
        names = {each.filename for each in kept} | {self._listing(each.digest).name for each in kept}
        for path in (*self.path.glob(f"*.{self._format.value}"), *self._members.glob("*.gz")):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _listing(self, digest: Digest) -> Path:
        """Where the paths of the package with ``digest`` are listed: a name that never means another list."""
        return self._members / f"{digest.sha256}.gz"

    def _list(self, path: Path, digest: Digest) -> tuple[str, ...]:
        """The paths of the package at ``path``: as they were listed, or, where that was lost, as its file has them."""
        try:
            return _decode(gzip.decompress(self._listing(digest).read_bytes()))
        except (OSError, EOFError, zlib.error):
            return LISTERS[self._format](path)

    def _parse(self, entry: Mapping[str, Any]) -> Built:
        fields = {str(name): str(value) for name, value in entry["fields"].items()}
        digest = Digest(size=entry["size"], sha256=Sha256(entry["sha256"]))
        package = BinaryPackage(file=str(self.path), digest=digest, fields=fields, members=tuple, format=self._format)
        members = partial(self._list, self.path / package.filename, digest)
        return Built.of(replace(package, members=members), entry["inputs"])


def _render(built: Built) -> dict[str, Any]:
    return {
        "inputs": built.inputs,
        "size": built.digest.size,
        "sha256": built.digest.sha256,
        "fields": dict(built.fields),
    }


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def _encode(members: tuple[str, ...]) -> bytes:
    return "\n".join(members).encode("utf-8", "surrogateescape")


def _decode(content: bytes) -> tuple[str, ...]:
    return tuple(content.decode("utf-8", "surrogateescape").split("\n")) if content else ()
