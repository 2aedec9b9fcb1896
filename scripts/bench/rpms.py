"""RPMs to measure with: of one file each, or with the files, relations and changelogs of what Debian has here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from gzip import open as open_gzip
from itertools import islice
from pathlib import Path

TOGETHER = 25
"""Packages of one spec file, which have its changelog, as those of one source package do."""
LISTS = Path("/var/lib/dpkg/info")
CHANGELOGS = "/usr/share/doc/{name}/changelog.Debian.gz"
PLAIN = re.compile(r"/[\w+.:~/-]+", re.ASCII)
"""A path that a spec file takes as it is."""
ENTRY = re.compile(
    r"^\S+ \((?P<version>[^)]+)\)[^\n]*\n\n*(?P<said>.*?)^ -- (?P<who>[^\n]*?)  ", re.MULTILINE | re.DOTALL
)
ENTRIES = 10
"""Of a changelog; createrepo_c takes no more."""

SPEC = """\
Name: bench
Version: 1.0
Release: 1.el9
Summary: many things
License: MIT
BuildArch: noarch
%description
Things.
{packages}
%changelog
{changelog}
"""
PACKAGE = """\
%package -n {name}
Summary: thing like {shape.name}
AutoReqProv: no
{requires}
%description -n {name}
A thing of many.
%files -n {name} -f {listed}
"""
OPTIONS = (
    "_build_name_fmt %%{NVRA}.rpm",
    "_binary_payload w1.gzdio",
    "debug_package %{nil}",
    "__os_install_post %{nil}",
    "_build_id_links none",
    "_smp_build_nthreads 1",
    "_smp_build_ncpus 1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a package is like, for who lists it."""

    name: str
    paths: Sequence[str] = ("/usr/share/bench/file",)
    """Of its files."""
    requires: Sequence[str] = ("bash",)
    changelog: str = ""
    """As a spec file has it."""


SMALL = (Shape(name="bench"),)
"""The least that there is."""


def installed() -> list[Shape]:
    """What this machine has, by dpkg: real paths and texts, and as unequal in size as packages are."""
    form = "${binary:Package}\t${Pre-Depends}, ${Depends}\n"
    listed = subprocess.run(["dpkg-query", "--show", "--showformat", form], check=True, capture_output=True, text=True)
    rows = (line.split("\t") for line in listed.stdout.splitlines())
    shapes = (
        Shape(
            name=name.partition(":")[0],
            paths=_paths((LISTS / f"{name}.list").read_text().splitlines()),
            requires=re.findall(r"(?:^|, *)([a-z0-9][a-z0-9+.-]+)", relations),
            changelog=_changelog(Path(CHANGELOGS.format(name=name.partition(":")[0]))),
        )
        for name, relations in rows
    )
    return [each for each in shapes if each.paths]


def make_rpms(directory: Path, shapes: Sequence[Shape], number: int) -> list[Path]:
    """That many RPMs, which are like ``shapes`` in turn."""
    directory.mkdir()
    for first in range(0, number, TOGETHER):
        _build(directory, shapes, range(first, min(first + TOGETHER, number)))
    return sorted((directory / "made").iterdir())


def _build(directory: Path, shapes: Sequence[Shape], numbers: range) -> None:
    """Those with ``numbers``, from one spec file."""
    root, spec = directory / "root", directory / "bench.spec"
    chosen = {f"bench-{number:05}": shapes[number % len(shapes)] for number in numbers}
    packages = "".join(_package(directory, name, shape) for name, shape in chosen.items())
    changelog = next(iter(chosen.values())).changelog
    spec.write_text(SPEC.format(packages=packages, changelog=changelog))
    places = (f"_topdir {directory}/top", f"_rpmdir {directory}/made", f"_dbpath {directory}/database")
    definitions = [word for each in (*OPTIONS, *places) for word in ("--define", each)]
    command: list[str | Path] = ["rpmbuild", "-bb", "--nodeps", "--buildroot", root, *definitions, spec]
    subprocess.run(command, check=True, capture_output=True)


def _package(directory: Path, name: str, shape: Shape) -> str:
    """What the spec file says of one, whose files are made."""
    listed = directory / f"{name}.files"
    root = directory / "root"
    is_alone = len(shape.paths) > 1
    paths = [path if is_alone else f"{path}-{name}" for path in shape.paths]
    listed.write_text("".join(f"{path}\n" for path in paths if _make(root / path[1:])))
    requires = "".join(f"Requires: {each}\n" for each in shape.requires)
    return PACKAGE.format(name=name, shape=shape, requires=requires, listed=listed)


def _make(path: Path) -> bool:
    """Make an empty file; whether there could be one."""
    with suppress(OSError):  # a directory of another package, or a file of it where we need a directory
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return True
    return False


def _paths(listed: Sequence[str]) -> tuple[str, ...]:
    """The files among what dpkg lists; an RPM owns few of the directories that a .deb has."""
    return tuple(
        path
        for path in listed
        if PLAIN.fullmatch(path) and path != "/." and (Path(path).is_symlink() or not Path(path).is_dir())
    )


def _changelog(path: Path) -> str:
    """The last entries of Debian's changelog, in a spec file's form and with days of our own."""
    if not path.is_file():
        return ""
    with open_gzip(path, "rt", encoding="utf-8", errors="replace") as file:
        return "".join(islice(_entries(file.read()), ENTRIES)).replace("%", "%%")


def _entries(text: str) -> Iterator[str]:
    for number, found in enumerate(ENTRY.finditer(text)):
        day = date(2026, 1, 1) - timedelta(days=30 * number)
        yield f"* {day:%a %b %d %Y} {found['who']} - {found['version']}\n{found['said'].rstrip()}\n"
