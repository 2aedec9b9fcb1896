"""From what an installer left to what a package may hold: relocated, true to its RECORD, and free of this machine."""

from __future__ import annotations

import configparser
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.utils import canonicalize_name

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath
from katpkg.model.package import VirtualEnvironment
from katpkg.packages.record import Record, Row, records, row_of
from katpkg.packages.wheel import glibc_of

JUNK = ("direct_url.json", "uv_cache.json", "REQUESTED")
"""What installers note for themselves: where they found a file, and when."""

STRAY = ("test", "tests")
"""Top-level directories that a wheel drops into site-packages by mistake, where they shadow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment that lies at ``prefix`` now and at ``path`` on the server."""

    prefix: Path
    path: AbsolutePath
    python: str
    """3.11"""

    @property
    def site_packages(self) -> Path:
        """Where its distributions lie."""
        return self.prefix / "lib" / f"python{self.python}" / "site-packages"

    @property
    def interpreter(self) -> str:
        """The server's interpreter."""
        return f"/usr/bin/python{self.python}"

    @property
    def on_the_server(self) -> VirtualEnvironment:
        """What the package says of it."""
        return VirtualEnvironment(path=self.path, interpreter=AbsolutePath(self.interpreter))

    def top_levels(self, distribution: str) -> frozenset[str]:
        """The names directly in site-packages that belong to ``distribution`` (normalised)."""
        for record in records(self.site_packages):
            if canonicalize_name(record.path.parent.name.split("-")[0]) == distribution:
                names = {row[0].split("/")[0] for row in record.rows()}
                return frozenset(name for name in names if name != ".." and not name.endswith(".dist-info"))
        return frozenset()

    def glibc(self, builders: tuple[int, int]) -> tuple[int, int] | None:
        """The highest glibc that a compiled wheel in it asks for; None when nothing asks.

        One that says nothing of it was compiled where the environment was made, which had ``builders``.
        """
        found = [_glibc_of(path, builders) for path in self._wheel_files()]
        return max((glibc for glibc in found if glibc is not None), default=None)

    def _wheel_files(self) -> list[Path]:
        return sorted(self.site_packages.glob("*.dist-info/WHEEL"))


def tidy(environment: Environment) -> None:
    """Make ``environment`` what it has to be on the server. Raises BuildError."""
    _name_after_target(environment)
    remove_junk(environment)
    point_to_interpreter(environment)
    _relocate_scripts(environment)
    _check_scripts(environment)
    check_no_trace(environment, str(environment.prefix))


def point_to_interpreter(environment: Environment) -> None:
    """Make its interpreter the server's own, by links, so that security updates reach it."""
    bin_directory = environment.prefix / "bin"
    bin_directory.mkdir(exist_ok=True)
    for old in sorted(bin_directory.glob("python*")):
        if old.name.split(",")[0].removeprefix("python").replace(".", "").isdigit() or old.name == "python":
            old.unlink()
    for name in ("python", "python3", f"python{environment.python}"):
        (bin_directory / name).symlink_to(environment.interpreter)
    (environment.prefix / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {environment.python}\n"
    )


def remove_bytecode(prefix: Path) -> None:
    """Remove compiled bytecode: the server's interpreter makes it at installation."""
    for path in sorted(prefix.rglob("__pycache__")):
        shutil.rmtree(path)


def _name_after_target(environment: Environment) -> None:
    for found in sorted((environment.prefix / "lib").glob("python3.*")):
        if found.name != f"python{environment.python}":
            found.rename(found.with_name(f"python{environment.python}"))
    shutil.rmtree(environment.prefix / "lib64", ignore_errors=True)


def remove_junk(environment: Environment) -> None:
    """Remove what installers and builders left for themselves, and keep each RECORD true."""
    remove_bytecode(environment.prefix)
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        (environment.prefix / name).unlink(missing_ok=True)
    for path in sorted(environment.site_packages.rglob(".lock")):
        path.unlink()
    stray = [name for name in STRAY if (environment.site_packages / name).is_dir()]
    for name in stray:
        shutil.rmtree(environment.site_packages / name)
    for record in records(environment.site_packages):
        directory = record.path.parent
        for name in JUNK:
            (directory / name).unlink(missing_ok=True)
        record.rewrite(_keeping(record))


def _keeping(record: Record) -> Callable[[Row], Row | None]:
    def keep(row: Row) -> Row | None:
        return row if record.located(row[0]).exists() else None

    return keep


def _relocate_scripts(environment: Environment) -> None:
    changed = {
        os.path.relpath(path, environment.site_packages)
        for path in _scripts(environment)
        if _relocate(path, environment)
    }
    for record in records(environment.site_packages):

        def truly(row: Row, record: Record = record) -> Row:
            return row_of(row[0], record.located(row[0])) if os.path.normpath(row[0]) in changed else row

        record.rewrite(truly)


def _relocate(script: Path, environment: Environment) -> bool:
    """Let a Python script run with the environment's interpreter; whether it was one."""
    content = script.read_bytes()
    first, newline, rest = content.partition(b"\n")
    if not first.startswith(b"#!"):
        return False
    if rest.startswith(b"'''exec' "):  # the form for paths that are too long for a kernel's #! line
        rest = rest.split(b"\n", 2)[2]
    elif b"python" not in first:
        return False
    script.write_bytes(b"#!" + f"{environment.path}/bin/python".encode() + newline + rest)
    script.chmod(0o755)
    return True


def _scripts(environment: Environment) -> Iterator[Path]:
    for path in sorted((environment.prefix / "bin").iterdir()):
        if path.is_file() and not path.is_symlink():
            yield path


def _check_scripts(environment: Environment) -> None:
    for path in sorted(environment.site_packages.glob("*.dist-info/entry_points.txt")):
        entries = _entry_points(path)
        for section in ("console_scripts", "gui_scripts"):
            for name, target in entries.items(section) if entries.has_section(section) else ():
                _check_target(environment, name, target, path)


def _entry_points(path: Path) -> configparser.ConfigParser:
    entries = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    entries.optionxform = str  # type: ignore[assignment,method-assign]  # names are not all lower case
    try:
        entries.read_string(path.read_text("utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise BuildError(
            "its entry points cannot be read", where=f"{path.parent.name}/{path.name}", details=str(error)
        ) from error
    return entries


def _check_target(environment: Environment, name: str, target: str, where: Path) -> None:
    module = target.split("[")[0].split(":")[0].strip()
    place = environment.site_packages.joinpath(*module.split("."))
    there = place.is_dir() or place.with_name(f"{place.name}.py").is_file()
    if not there and not list(place.parent.glob(f"{place.name}.*.so")):
        raise BuildError(
            f"the command {name} leads nowhere: there is no module {module}",
            where=where.parent.name,
            hint="the wheel lacks a package that its entry points name; mend its build",
        )


def check_no_trace(environment: Environment, place: str) -> None:
    """Raise BuildError when a file holds ``place``, the path where the environment was made."""
    for path in sorted(environment.prefix.rglob("*")):
        if path.is_file() and not path.is_symlink() and place.encode() in path.read_bytes():
            raise BuildError(
                f"{path.relative_to(environment.prefix)} holds a path of the building machine",
                where=str(environment.path),
            )


def _glibc_of(wheel_file: Path, builders: tuple[int, int]) -> tuple[int, int] | None:
    """The lowest glibc that any of a wheel's tags is content with; None when it is not compiled."""
    tags = HeaderParser().parsestr(wheel_file.read_text("utf-8")).get_all("Tag", [])
    platforms = [platform for tag in tags for platform in tag.split("-")[-1].split(".")]
    found = [glibc for platform in platforms if (glibc := glibc_of(platform)) is not None]
    compiled_there = any(platform.startswith("linux_") for platform in platforms)
    return min(found, default=builders if compiled_there else None)
