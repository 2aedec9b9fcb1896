"""Building .debs with Debian's own tools, and reading back what came of it."""

from __future__ import annotations

from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.package import PackageSpec
from katpkg.model.target import Compression, Release
from katpkg.packages.deb import lintian, reproduce
from katpkg.packages.deb.debianize import debianize
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.hints import LOOK
from katpkg.packages.templates import Templates


class DebBuilder:
    """Builds packages in the .deb format; ``compression`` overrides what the target's users expect."""

    def __init__(self, templates: Templates, compression: Compression | None = None) -> None:
        self._templates = templates
        self._compression = compression

    def render(self, spec: PackageSpec, into: Path) -> Path:
        """Write the source tree ``into``/NAME-VERSION. Raises BuildError."""
        upstream = spec.version.without_epoch.rpartition("-")[0]
        tree = into / f"{spec.name}-{upstream}"
        if tree.exists():
            raise BuildError("there is a source tree already", where=str(tree), hint=f"rm -r {tree}")
        debianize(spec, tree, self._templates, self._compression or spec.target.release.compression)
        return tree

    def build(self, spec: PackageSpec, work: Path) -> BinaryPackage:
        """Build ``spec`` in the empty directory ``work``. Raises BuildError with the end of what the tools said."""
        process.require("dh")
        tree = self.render(spec, work)
        try:
            process.run(["debian/rules", "binary"], cwd=tree, env=_environment(spec))
        except process.ToolFailed as error:
            said = f"{spec.name} cannot be built for {spec.target}"
            raise BuildError(said, hint=LOOK, details=error.details) from error
        package = read_deb(work / f"{spec.name}_{spec.version.without_epoch}_{spec.architecture}.deb")
        _check(package, spec)
        return package

    def check(self, package: BinaryPackage, release: Release) -> None:
        """Ask lintian. Raises BuildError."""
        lintian.check(package, release.distribution)

    def compare(self, first: BinaryPackage, second: BinaryPackage) -> None:
        """Raise BuildError, which says in what, when two builds differ."""
        reproduce.compare(first, second)


def _environment(spec: PackageSpec) -> dict[str, str]:
    """What dpkg-buildpackage would set. Nothing is compiled, so the architecture of the package is only a name."""
    host = {} if spec.architecture.is_all else {"DEB_HOST_ARCH": str(spec.architecture)}
    return {"SOURCE_DATE_EPOCH": str(spec.source_date_epoch), "DEB_RULES_REQUIRES_ROOT": "no", **host}


def _check(package: BinaryPackage, spec: PackageSpec) -> None:
    found = (package.name, package.version, package.architecture, package.inputs)
    if found != (spec.name, spec.version, spec.architecture, spec.inputs):
        raise BuildError(f"{package.filename} came out as something else than {spec.name} {spec.version}", hint=LOOK)
    missing = {entry.path for entry in spec.entries} - {member.rstrip("/") for member in package.members()}
    if missing:
        raise BuildError(f"{package.filename} lacks {', '.join(sorted(missing))}", hint=LOOK)
