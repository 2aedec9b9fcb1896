"""Convert .debs that somebody else made to RPMs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.model.names import Sha256
from katpkg.model.package import PackageSpec
from katpkg.model.project import Project
from katpkg.model.target import PackageFormat, Target
from katpkg.packages.convert.convert import Converted, convert
from katpkg.packages.convert.relations import related
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.rpm.builder import RpmBuilder
from katpkg.packages.rpm.names import Names
from katpkg.packages.templates import Templates
from katpkg.pipeline.built import keep
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

    def convert(
        self, debs: Sequence[Path], target: Target, into: Path, inputs: Sha256 | None = None
    ) -> list[BinaryPackage]:
        """Make RPMs of ``debs`` for ``target``, and keep them in ``into``. Raises BuildError; then none is kept.

        ``inputs`` is the digest of what they came in.
        """
        with ExitStack() as stack:
            benches = [stack.enter_context(workplace(self.directory, deb.stem)) for deb in debs]
            names = Names.of(target.release, self.own)
            converted = [self._understand(deb, target, names, bench) for deb, bench in zip(debs, benches, strict=True)]
            specs = _together([each.spec for each in converted])
            made = [
                self._build(replace(spec, inputs=inputs or spec.inputs), bench)
                for spec, bench in zip(specs, benches, strict=True)
            ]
            kept = [keep(package, into) for package in made]
        for each in converted:
            for note in each.notes:
                self.reporter.note(f"{each.spec.name}: {note}")
        return kept

    def _understand(self, deb: Path, target: Target, names: Names, bench: Path) -> Converted:
        (bench / "deb").mkdir()
        return convert(deb, target, names, bench / "deb")

    def _build(self, spec: PackageSpec, bench: Path) -> BinaryPackage:
        (bench / "package").mkdir()
        return self.builder.build(spec, bench / "package")


def _together(specs: Sequence[PackageSpec]) -> Iterator[PackageSpec]:
    """A directory that several have is owned by the one that says whose it is."""
    said = {each.path: spec.name for spec in specs for each in spec.foreign.attributes}
    for spec in specs:
        elsewhere = frozenset(path for path, name in said.items() if name != spec.name)
        yield replace(spec, foreign=replace(spec.foreign, elsewhere=elsewhere))


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
        yield from converter.convert(debs, target, into or converter.directory / target.codename)
