"""What programs ask the dynamic linker for, in the words that every distribution of RPMs provides by itself.

RPM's own elfdeps says it, symbol versions and all: better than any table of names, and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.names import Line
from katpkg.model.target import Target

ELFDEPS = "/usr/lib/rpm/elfdeps"
SONAME = re.compile(r"(?P<name>.+)\.so(?:\.(?P<version>[0-9.]+))?")
GLIBC = re.compile(r"libc\.so\.6\(GLIBC_([0-9]+)\.([0-9]+)\)\(64bit\)")


def libraries_of(root: Path, *, without: Path | None) -> tuple[Line, ...]:
    """What the programs and modules below ``root`` need and do not bring, but for those below ``without``."""
    files = [path for path in _objects(root) if without is None or not path.is_relative_to(without)]
    if not files:
        return ()
    process.require("rpmbuild")
    modes = {path: path.stat().st_mode for path in files}
    for path in files:
        path.chmod(0o755)  # elfdeps takes a module that is not executable for no module
    try:
        said = process.run([ELFDEPS, "--requires"], stdin="".join(f"{path}\n" for path in files).encode()).text.split(
            "\n"
        )
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    own = {path.name for path in files}
    return tuple(Line(line) for line in sorted(set(said)) if line and line.partition("(")[0] not in own)


def check_glibc(libraries: Iterable[str], target: Target, where: str) -> None:
    """Raise BuildError when ``target`` has an older libc than they ask for."""
    found = max((tuple(map(int, match.groups())) for line in libraries if (match := GLIBC.match(line))), default=(0, 0))
    if found > target.release.glibc_version:
        raise BuildError(
            f"its programs need glibc {found[0]}.{found[1]}, and {target.codename} has {target.release.glibc}",
            where=where,
            hint="build it from its source there, or take a .deb that was built on an older release",
        )


def packages_of(libraries: Iterable[str]) -> frozenset[str]:
    """What Debian calls the packages of these libraries (Policy 8.1): libpcre2-8.so.0 is in libpcre2-8-0."""
    return frozenset(name for line in libraries for name in _packages(line.partition("(")[0]))


def _packages(soname: str) -> Iterator[str]:
    found = SONAME.fullmatch(soname)
    if found is None or found["version"] is None:
        return
    name = found["name"].lower().replace("_", "-")
    package = f"{name}-{found['version']}" if name[-1].isdigit() else f"{name}{found['version']}"
    yield package
    yield f"{package}t64"


def _objects(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path
