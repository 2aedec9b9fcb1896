"""From a .deb to a PackageSpec for a release of RPMs: what it means, and not what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from katpkg import __version__
from katpkg.errors import BuildError
from katpkg.model.evr import Evr
from katpkg.model.module import Relations
from katpkg.model.names import AbsolutePath, Line
from katpkg.model.package import Entry, EntryKind, Foreign, PackageSpec
from katpkg.model.target import Target
from katpkg.model.version import Version
from katpkg.packages.adopt import adopt_environment
from katpkg.packages.convert.deb import Deb, read
from katpkg.packages.convert.layout import apply, attributes, check_layout, dropped, keep_only
from katpkg.packages.convert.libraries import check_glibc, libraries_of, packages_of
from katpkg.packages.convert.machine import Machine
from katpkg.packages.convert.people import accounts_of
from katpkg.packages.convert.relations import carry
from katpkg.packages.convert.scripts import think_through
from katpkg.packages.convert.triggers import check_triggers
from katpkg.packages.convert.units import take_units
from katpkg.packages.repack import merge_usr
from katpkg.packages.rpm.names import Names
from katpkg.sources.unpack import unpack_tar

LICENSE = re.compile(r"(?m)^License:[ \t]*(\S.*)$")
BUILT_FROM = re.compile(r"[^:\x00-\x1f]+: .*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The package, and what whoever converts it should know."""

    spec: PackageSpec
    notes: tuple[str, ...]


def convert(path: Path, target: Target, names: Names, work: Path) -> Converted:
    """What the .deb at ``path`` is for ``target``; its files are laid out in the empty directory ``work``.

    Raises BuildError when anything in it is not understood, or cannot be right there; SourceError when it is not safe
    to unpack.
    """
    deb = read(path, work)
    _check_architecture(deb, target)
    check_layout(deb, target)
    machine = Machine(files={name: node for name, node in deb.files.items() if not dropped(name)})
    if deb.is_asking:
        machine.note("its config script is left out: debconf's questions get their default answers")
    think_through(deb.scripts, machine, str(deb.package.version), deb.answers)
    root = _unpack(deb, machine, work)
    adopted = adopt_environment(root, target, deb.where)
    environment = adopted.on_the_server if adopted else None
    check_triggers(deb, environment)
    libraries = libraries_of(root, without=adopted.prefix if adopted else None)
    check_glibc((*libraries, *_libc(deb)), target, deb.where)
    carried = carry(deb.package.fields, names, packages_of(libraries))
    spec = replace(
        _described(deb, target, root),
        relations=carried.relations,
        units=take_units(machine, root, deb.where),
        accounts=accounts_of(machine, root, deb.where),
        virtual_environment=environment,
        foreign=Foreign(
            attributes=tuple(attributes(machine, deb.where)),
            tmpfiles=tuple(Line(each) for each in sorted(machine.tmpfiles)),
            libraries=libraries,
        ),
    )
    return Converted(spec=replace(spec, entries=tuple(_entries(root))), notes=(*machine.notes, *carried.notes))


def _described(deb: Deb, target: Target, root: Path) -> PackageSpec:
    """What its fields and its documentation say."""
    fields = deb.package.fields
    summary, _, description = fields["Description"].partition("\n")
    return PackageSpec(
        name=deb.package.name,
        version=_version(deb),
        target=target,
        architecture=deb.package.architecture,
        summary=Line(summary.strip()),
        description=_paragraphs(description) or summary,
        homepage=Line(fields.get("Homepage", "")),
        section=Line(fields.get("Section", "misc")),
        maintainer=Line(fields["Maintainer"]),
        license=_license(root, deb),
        copyright=Line(""),
        relations=Relations(),
        changes=(Line(f"Converted from {deb.where} by katpkg {__version__}."),),
        built_from=tuple(_built_from(deb, root)),
        inputs=deb.package.digest.sha256,
        source_date_epoch=deb.newest,
    )


def _check_architecture(deb: Deb, target: Target) -> None:
    if deb.package.architecture not in (target.architecture, "all"):
        said = f"it is for {deb.package.architecture}, not for {target}"
        raise BuildError(said, where=deb.where, hint="take the .deb that was built for it, or name another target")


def _version(deb: Deb) -> Version:
    """The same, so that what others ask for by its version is found; RPM has no versions without a release."""
    try:
        return Version(str(Evr.of(deb.package.version)))
    except ValueError as error:
        raise BuildError(str(error), where=deb.where) from error


def _unpack(deb: Deb, machine: Machine, work: Path) -> Path:
    root = work / "root"
    with (work / "data.tar").open("rb") as stream:
        unpack_tar(stream, root, where=deb.where)
    merge_usr(root)
    keep_only(root, deb.package.name)
    apply(machine, root)
    return root


def _libc(deb: Deb) -> Iterator[str]:
    """What a virtual environment's wheels ask for stands in the relations alone."""
    for found in re.finditer(r"libc6 \(>= ([0-9]+\.[0-9]+)\)", deb.package.fields.get("Depends", "")):
        yield f"libc.so.6(GLIBC_{found[1]})(64bit)"


def _paragraphs(description: str) -> str:
    lines = (line.strip() for line in description.split("\n"))
    return "\n".join("" if line == "." else line for line in lines)


def _license(root: Path, deb: Deb) -> Line:
    """The first that its copyright file names, in the form that machines read."""
    path = root / "usr/share/doc" / deb.package.name / "copyright"
    found = LICENSE.search(path.read_text("utf-8", "replace")) if path.is_file() else None
    return Line(" ".join(found[1].split())) if found else Line("LicenseRef-Debian-copyright")


def _built_from(deb: Deb, root: Path) -> Iterator[Line]:
    """Where the .deb's bits came from, if it says so, and the .deb itself."""
    path = root / "usr/share/doc" / deb.package.name / "built-from"
    if path.is_file():
        yield from (Line(line) for line in path.read_text().splitlines() if BUILT_FROM.fullmatch(line))
        path.unlink()
    yield from (Line(f"deb: {deb.where}"), Line(f"deb sha256: {deb.package.digest.sha256}"))


def _entries(root: Path) -> Iterator[Entry]:
    for child in sorted(root.iterdir()):
        yield Entry(kind=EntryKind.TREE, path=AbsolutePath(f"/{child.name}"), content=child)
