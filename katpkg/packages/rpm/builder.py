"""Building RPMs with rpmbuild, and reading back what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.package import PackageSpec
from katpkg.model.target import Compression, PackageFormat, Release
from katpkg.packages import reproduce
from katpkg.packages.hints import LOOK
from katpkg.packages.rpm import rpmlint
from katpkg.packages.rpm.inspect import read_rpm
from katpkg.packages.rpm.names import Names
from katpkg.packages.rpm.specfile import write_source
from katpkg.packages.templates import Templates


class RpmBuilder:
    """Builds packages in the .rpm format, of an archive whose packages are ``own``.

    ``compression`` overrides what the target's users expect.
    """

    def __init__(self, templates: Templates, own: Collection[str], compression: Compression | None = None) -> None:
        self._templates = templates
        self._own = own
        self._compression = compression

    def render(self, spec: PackageSpec, into: Path) -> Path:
        """Write the directory ``into``/NAME-VERSION with the spec file and the files. Raises BuildError."""
        tree = into / f"{spec.name}-{spec.version.without_epoch.rpartition('-')[0]}"
        if tree.exists():
            raise BuildError("there is a source tree already", where=str(tree), hint=f"rm -r {tree}")
        release = spec.target.release
        names = Names.of(release, self._own)
        write_source(spec, tree, self._templates, names, self._compression or release.compression)
        return tree

    def build(self, spec: PackageSpec, work: Path) -> BinaryPackage:
        """Build ``spec`` in the empty directory ``work``. Raises BuildError with the end of what rpmbuild said."""
        process.require("rpmbuild")
        tree = self.render(spec, work)
        machine = PackageFormat.RPM.word(spec.architecture)
        try:
            with tempfile.TemporaryDirectory(prefix="katpkg-") as short:
                link = Path(short, "work")  # rpmbuild splits paths at their spaces
                link.symlink_to(work)
                process.run(
                    [
                        "rpmbuild",
                        "-bb",
                        "--nodeps",
                        "--target",
                        machine,
                        *_places(link, tree.name),
                        f"{spec.name}.spec",
                    ],
                    cwd=tree,
                    env={"SOURCE_DATE_EPOCH": str(spec.source_date_epoch), "HOME": short},
                )
        except process.ToolFailed as error:
            said = f"{spec.name} cannot be built for {spec.target}"
            raise BuildError(said, hint=LOOK, details=error.details) from error
        filename = PackageFormat.RPM.filename(spec.name, spec.version.without_epoch, spec.architecture)
        package = read_rpm(work / "rpms" / machine / filename)
        _check(package, spec)
        return package

    def check(self, package: BinaryPackage, release: Release) -> None:  # noqa: ARG002  # rpmlint knows no releases
        """Raise BuildError when rpmlint, where it is installed, finds an error or a warning."""
        rpmlint.check(package)

    def compare(self, first: BinaryPackage, second: BinaryPackage) -> None:
        """Raise BuildError, which says in what, when two builds differ."""
        reproduce.compare(first, second)


def _places(work: Path, tree: str) -> list[str]:
    """Where rpmbuild finds and puts things: nowhere but here, whatever this machine's own macros say."""
    places = {
        "_sourcedir": work / tree,
        "_topdir": work,
        "_builddir": work / tree,
        "_rpmdir": work / "rpms",
        "_dbpath": work / "database",
        "_tmppath": work,
        "buildroot": work / "buildroot",
    }
    return [word for name, path in places.items() for word in ("--define", f"{name} {path}")]


def _check(package: BinaryPackage, spec: PackageSpec) -> None:
    """What a value might have smuggled into the spec file is seen by reading the package."""
    found = (package.name, package.version, package.architecture, package.inputs)
    said = package.fields["Description"].split("\n")[0]
    if (*found, said) != (spec.name, spec.version, spec.architecture, spec.inputs, spec.summary):
        raise BuildError(f"{package.filename} came out as something else than {spec.name} {spec.version}", hint=LOOK)
    missing = {entry.path for entry in spec.entries} - {member.rstrip("/") for member in package.members()}
    if lost := sorted(path for path in missing if not _is_of_the_system(path, package)):
        raise BuildError(f"{package.filename} lacks {', '.join(lost)}", hint=LOOK)


def _is_of_the_system(path: str, package: BinaryPackage) -> bool:
    """Whether ``path`` is a directory that other packages own, with something of this one below it."""
    return any(member.startswith(f"{path}/") for member in package.members())
