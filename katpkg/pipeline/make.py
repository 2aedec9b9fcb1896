"""One package: from an artifact in the cache to a file in the build directory that is fit to be published."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError, KatpkgError
from katpkg.model.artifact import Artifact, Payload
from katpkg.model.binary import BinaryPackage
from katpkg.model.package import PackageSpec
from katpkg.model.payload import DebPayload
from katpkg.model.project import Project
from katpkg.model.target import PackageFormat, Target
from katpkg.model.version import Version
from katpkg.packages.base import Builder
from katpkg.packages.contents import lay_out
from katpkg.packages.contract import vanished
from katpkg.packages.copies import move_in, only_file
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.order import Order
from katpkg.packages.spec import make_spec
from katpkg.packages.templates import Templates
from katpkg.pipeline.attest import check_attested
from katpkg.pipeline.built import keep
from katpkg.pipeline.convert import Converter
from katpkg.report import Reporter
from katpkg.sources.base import ArtifactSource
from katpkg.sources.cache import Cache
from katpkg.sources.unpack import links_of, open_payload
from katpkg.sources.workplace import workplace

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""What is wrong with the build directory, and not with us."""

FULL = os.strerror(errno.ENOSPC)
"""What every tool says, in the language that ours run in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What a package must pass before it counts."""

    lintian: bool = True
    reproducible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What all builds of one call share."""

    project: Project
    source: ArtifactSource
    cache: Cache
    templates: Templates
    builders: Mapping[PackageFormat, Builder]
    checks: Checks
    reporter: Reporter

    def builder(self, target: Target) -> Builder:
        """Who builds for ``target``."""
        return self.builders[target.release.format]

    @contextmanager
    def bench(self, name: str) -> Iterator[Path]:
        """An empty directory to work in, on the file system of the build directory, gone afterwards.

        Raises BuildError when that cannot be written, or is full, whichever tool found out.
        """
        try:
            with workplace(self.project.build.directory, name) as place:
                yield place
        except OSError as error:
            if error.errno not in UNWRITABLE and FULL not in str(error):  # which a copied tree says only in words
                raise
            raise unwritable(self.project.build.directory, error.strerror or FULL) from error
        except KatpkgError as error:
            place, directory = Path(error.where or ""), self.project.build.directory
            is_elsewhere = place.is_absolute() and not place.is_relative_to(directory)  # the cache, perhaps
            if is_elsewhere or FULL not in f"{error.message}\n{error.details}":
                raise
            raise unwritable(directory, FULL) from error


def unwritable(directory: Path, why: str) -> BuildError:
    """The error for a build directory that takes nothing."""
    return BuildError(
        f"the build directory cannot be written: {why}",
        where=str(directory),
        hint="make room there, or set build.directory in katpkg.toml to a directory that has some",
    )


def make(shop: Workshop, order: Order, version: Version, before: tuple[str, ...]) -> BinaryPackage:
    """Build, check and keep the package of ``order``; ``before`` is what the last published version holds.

    Raises BuildError and the errors of the tools; a package that fails a check is not kept.
    """
    with shop.bench(order.module.name) as bench:
        package, own = _build(shop, order, version, bench / "first")
        if shop.checks.reproducible:
            _build_again(shop, order, version, package, bench)
        _check_contract(order, before, package, own)
        check(shop, package, order.target)
        return keep(package, shop.project.build.directory / order.target.codename)


def adopt(shop: Workshop, order: Order) -> BinaryPackage:
    """Keep a finished .deb as it is, or convert it for a release of RPMs. Raises BuildError."""
    assert isinstance(order.module.payload, DebPayload)  # noqa: S101
    is_converted = order.target.release.format is PackageFormat.RPM
    if is_converted and not order.module.payload.convert:
        raise BuildError(
            f"{order.module.package} comes as a finished .deb, and {order.target.codename} has no use for one",
            where=f"modules/{order.module.name}.toml",
            hint="set payload.convert = true, or codenames to the releases it is for",
        )
    with shop.bench(order.module.name) as bench:
        payload = _unpack(shop, order, bench)
        assert payload is not None  # noqa: S101
        package = read_deb(only_file(payload, order.module.payload.deb, "deb"))
        if package.name != order.module.package:
            raise BuildError(
                f"the artifact holds {package.name}, and the definition says {order.module.package}",
                where=payload.artifact.name,
                hint=f"set package = {str(package.name)!r} in modules/{order.module.name}.toml",
            )
        if package.architecture not in (order.target.architecture, "all"):
            raise BuildError(
                f"{package.name} is for {package.architecture}, not for {order.target}",
                where=payload.artifact.name,
                hint=f"take what was built for {order.target}: look at artifact.name",
            )
        directory = shop.project.build.directory / order.target.codename
        if is_converted:
            converter = Converter.of(shop.project, shop.project.packages, shop.templates, shop.reporter)
            (made,) = converter.convert([package.path], order.target, directory, payload.artifact.digest.sha256)
            return made
        return keep(package, directory)


def render_tree(shop: Workshop, order: Order, version: Version, into: Path) -> Path:
    """Write the source tree of ``order``'s package below ``into``, for a packager to look at and to build."""
    with shop.bench(order.module.name) as bench:
        spec, _ = _describe(shop, order, version, bench)
        return shop.builder(order.target).render(spec, into)


def check(shop: Workshop, package: BinaryPackage, target: Target) -> None:
    """Ask lintian, or who there is in its place, unless this call does without."""
    if shop.checks.lintian:
        shop.builder(target).check(package, target.release)


def _build(shop: Workshop, order: Order, version: Version, bench: Path) -> tuple[BinaryPackage, frozenset[str]]:
    bench.mkdir()
    spec, own = _describe(shop, order, version, bench)
    work = bench / "package"
    work.mkdir()
    package = shop.builder(order.target).build(spec, work)
    shutil.rmtree(bench / "root", ignore_errors=True)
    return package, own


def _build_again(shop: Workshop, order: Order, version: Version, first: BinaryPackage, bench: Path) -> None:
    elsewhere = bench / "elsewhere, with a longer name than before"
    with process.surroundings(process.UNUSUAL):
        second, _ = _build(shop, order, version, elsewhere)
    shop.builder(order.target).compare(first, second)
    shop.reporter.note(f"{order}: a second build elsewhere is the same, bit for bit")


def _describe(shop: Workshop, order: Order, version: Version, bench: Path) -> tuple[PackageSpec, frozenset[str]]:
    contents = lay_out(order, _unpack(shop, order, bench), bench / "root")
    return make_spec(order, contents, version, shop.templates), contents.own


def _unpack(shop: Workshop, order: Order, bench: Path) -> Payload | None:
    if order.artifact is None:
        return None
    payload, *beside = [
        _open(shop, order, artifact, bench / f"payload{number or ''}")
        for number, artifact in enumerate(order.artifact.all)
    ]
    for other in beside:
        move_in(other.root, payload.root, order.artifact.name, "of its artifacts")
    return payload


def _open(shop: Workshop, order: Order, artifact: Artifact, into: Path) -> Payload:
    check_attested(order.module, artifact)
    file = shop.cache.get(artifact, shop.source)
    return open_payload(artifact, file, into, links=links_of(order.module.payload))


def _check_contract(order: Order, before: tuple[str, ...], package: BinaryPackage, own: frozenset[str]) -> None:
    gone = vanished(before, package.members(), own=own, accept=order.module.accept_vanished)
    if gone:
        raise BuildError(
            f"{package.name} {package.version} lacks {len(gone)} paths that its last published version has",
            where=f"modules/{order.module.name}.toml",
            hint=f"if that is right: accept_vanished = {[*gone[:3]]!r}, or patterns that match them all",
            details="\n".join(gone[:40]),
        )
