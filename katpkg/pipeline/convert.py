"""Convert .debs that somebody else made to RPMs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Sha256
from katpkg.model.project import Project
from katpkg.model.target import PackageFormat, Target
from katpkg.packages.convert.convert import convert
from katpkg.packages.convert.relations import related
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.rpm.builder import RpmBuilder
from katpkg.packages.rpm.names import Names
from katpkg.packages.templates import Templates
from katpkg.report import Reporter
from katpkg.sources.workplace import workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """What all conversions of one call share."""

    own: frozenset[str]
    """Packages that are called the same in both formats: the archive's, and those that are converted together."""
    templates: Templates
    builder: RpmBuilder
    directory: Path
    """Where the work is done."""
    reporter: Reporter

    @classmethod
    def of(cls, project: Project, own: frozenset[str], templates: Templates, reporter: Reporter) -> Converter:
        """The converter of a definition."""
        return cls(
            own=own,
            templates=templates,
            builder=RpmBuilder(templates, own, project.build.compression),
            directory=project.build.directory,
            reporter=reporter,
        )

    def convert(self, deb: Path, target: Target, into: Path, inputs: Sha256 | None = None) -> BinaryPackage:
        """Make an RPM of ``deb`` for ``target``, and keep it in ``into``. Raises BuildError; then nothing is kept.

        ``inputs`` is the digest of what it came in.
        """
        with workplace(self.directory, deb.stem) as bench:
            (bench / "deb").mkdir()
            (bench / "package").mkdir()
            converted = convert(deb, target, Names.of(target.release, self.own), bench / "deb")
            spec = replace(converted.spec, inputs=inputs or converted.spec.inputs)
            package = self.builder.build(spec, bench / "package")
            into.mkdir(parents=True, exist_ok=True)
            path = into / package.filename
            package.path.chmod(0o644)
            package.path.replace(path)
        for note in converted.notes:
            self.reporter.note(f"{package.name}: {note}")
        return replace(package, path=path)


def names_of(debs: Sequence[Path]) -> frozenset[str]:
    """The packages in ``debs``, and what some of them provide and others need. Raises BuildError."""
    packages = [read_deb(deb, look_inside=False) for deb in debs]
    provided, needed = (
        {name for package in packages for name in related(package.fields.get(field, ""))}
        for field in ("Provides", "Depends")
    )
    return frozenset({str(package.name) for package in packages} | (provided & needed))


def convert_all(
    converter: Converter, debs: Sequence[Path], targets: Sequence[Target], into: Path | None
) -> Iterator[BinaryPackage]:
    """Convert each of ``debs`` for each of ``targets``, which are of releases of RPMs. Raises BuildError."""
    for target in targets:
        if target.release.format is not PackageFormat.RPM:
            raise BuildError(f"{target.codename} has no RPMs", where="--target", hint="name a target like el9/x86_64")
        for deb in debs:
            yield converter.convert(deb, target, into or converter.directory / target.codename)
