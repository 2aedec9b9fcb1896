"""A .deb as its parts: fields, scripts, conffiles, triggers, and its files with their owners and modes."""

from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage
from katpkg.packages.convert.machine import Node, canonical
from katpkg.packages.convert.script import Script
from katpkg.packages.convert.scripts import NAMES
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.hints import AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Deb:
    """What is in it."""

    package: BinaryPackage
    scripts: Mapping[str, Script]
    conffiles: tuple[str, ...]
    triggers: tuple[str, ...]
    answers: Mapping[str, str]
    """debconf's defaults, by question."""
    is_asking: bool
    """Whether it has a script that asks debconf's questions, and may choose other defaults by what it finds."""
    files: Mapping[str, Node]
    """By path, as a machine with one /usr has it."""
    newest: int
    """When its newest file was made."""

    @property
    def where(self) -> str:
        """What errors call it."""
        return self.package.path.name


def read(path: Path, work: Path) -> Deb:
    """The parts of the .deb at ``path``; ``work`` is empty, and gets ``data.tar``. Raises BuildError."""
    package = read_deb(path)
    control = _members(path, work / "control.tar", "--ctrl-tarfile")
    files = dict(_files(path, work / "data.tar"))
    scripts = {name: Script(package=path.name, name=name, text=control[name]) for name in NAMES if name in control}
    return Deb(
        package=package,
        scripts=scripts,
        conffiles=tuple(line.split()[-1] for line in control.get("conffiles", "").splitlines() if line.strip()),
        triggers=tuple(_lines(control.get("triggers", ""))),
        answers=dict(_answers(control.get("templates", ""))),
        is_asking="config" in control,
        files={name: node for name, (node, _) in files.items()},
        newest=max((moment for _, moment in files.values()), default=0),
    )


def _members(path: Path, archive: Path, option: str) -> dict[str, str]:
    """The files of the control archive, as text."""
    with _opened(path, archive, option) as tar:
        found = {}
        for info in tar:
            content = tar.extractfile(info) if info.isfile() else None
            if content is not None:
                found[info.name.removeprefix("./")] = content.read().decode("utf-8", "replace")
        return found


def _files(path: Path, archive: Path) -> Iterator[tuple[str, tuple[Node, int]]]:
    with _opened(path, archive, "--fsys-tarfile") as tar:
        for info in tar:
            name = canonical(info.name)
            if name != "/":
                yield name, (_node(info), int(info.mtime))


def _opened(path: Path, archive: Path, option: str) -> tarfile.TarFile:
    try:
        process.run(["dpkg-deb", option, path], into=archive)
        return tarfile.open(archive)
    except (process.ToolFailed, tarfile.TarError, lzma.LZMAError) as error:
        raise BuildError(f"{path.name} is no whole package", where=path.name, hint=AGAIN, details=str(error)) from error


def _node(info: tarfile.TarInfo) -> Node:
    return Node(
        is_directory=info.isdir(),
        mode=info.mode & 0o7777,
        user=info.uname or "root",
        group=info.gname or "root",
        target=info.linkname if info.issym() else "",
    )


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if plain := line.partition("#")[0].strip():
            yield plain


def _answers(templates: str) -> Iterator[tuple[str, str]]:
    """Each question with its default (debconf-devel(7))."""
    for stanza in templates.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] not in " #")
        if "Template" in fields:
            yield fields["Template"], fields.get("Default", "")
