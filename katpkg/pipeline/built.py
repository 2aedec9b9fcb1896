"""built.json: which packages the last build made, or found made already, for publish to take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from katpkg.errors import BuildError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, PackageName, Sha256
from katpkg.model.package import BinaryPackage
from katpkg.model.version import Version

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A package file in the build directory of a release."""

    package: PackageName
    version: Version
    architecture: Architecture
    inputs: str
    digest: Digest

    @classmethod
    def of(cls, package: BinaryPackage, inputs: str) -> Self:
        """What is recorded of ``package``."""
        return cls(
            package=package.name,
            version=package.version,
            architecture=package.architecture,
            inputs=inputs,
            digest=package.digest,
        )

    @property
    def filename(self) -> str:
        """Its file below the release's build directory."""
        return f"{self.package}_{self.version.without_epoch}_{self.architecture}.deb"

    def is_whole(self, directory: Path) -> bool:
        """Whether its file is there with the bytes that were built."""
        path = directory / self.filename
        return path.is_file() and Digest.of(path) == self.digest


class BuildDirectory:
    """Where the packages of one release are: files, and built.json that says which of them count."""

    def __init__(self, root: Path, codename: Codename) -> None:
        self.path = root / codename
        self._record = self.path / "built.json"

    def read(self) -> tuple[Built, ...]:
        """What was built last; nothing when nothing ever was. Raises BuildError."""
        try:
            content = json.loads(self._record.read_bytes())
            return tuple(_parse(each) for each in content["packages"])
        except FileNotFoundError:
            return ()
        except (ValueError, KeyError, TypeError) as error:
            raise BuildError(
                "the record of what was built cannot be read",
                where=str(self._record),
                hint=f"rm {self._record}; katpkg build",
                details=str(error),
            ) from error

    def exists(self) -> bool:
        """Whether anything was ever built for the release."""
        return self._record.is_file()

    def write(self, packages: Iterable[Built]) -> None:
        """Record ``packages``, and remove the package files that no longer count."""
        kept = sorted(packages, key=lambda each: (each.package, each.architecture))
        self.path.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": FORMAT, "packages": [_render(each) for each in kept]}, indent=2) + "\n"
        temporary = self._record.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(self._record)
        names = {each.filename for each in kept}
        for path in self.path.glob("*.deb"):
            if path.name not in names:
                path.unlink()


def _render(built: Built) -> dict[str, str | int]:
    return {
        "package": built.package,
        "version": built.version,
        "architecture": built.architecture,
        "inputs": built.inputs,
        "size": built.digest.size,
        "sha256": built.digest.sha256,
    }


def _parse(entry: Mapping[str, Any]) -> Built:
    return Built(
        package=PackageName(entry["package"]),
        version=Version(entry["version"]),
        architecture=Architecture(entry["architecture"]),
        inputs=entry["inputs"],
        digest=Digest(size=entry["size"], sha256=Sha256(entry["sha256"])),
    )
