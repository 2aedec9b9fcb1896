"""A virtual environment that somebody else made, taken over for the target: its interpreter becomes the server's."""

from __future__ import annotations

import re
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import parse_tag

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath
from katpkg.model.target import Target
from katpkg.packages.tidy import Environment, point_to_interpreter, remove_junk
from katpkg.packages.wheel import fits

COMPILED = re.compile(r".+\.cpython-3(\d+)[^.]*\.so")
"""An extension module that one minor version of Python loads, and no other."""


def adopt_environment(root: Path, target: Target, where: str) -> Environment | None:
    """Give the virtual environment below ``root``, if there is one, the interpreter of ``target``.

    Raises BuildError when it is for another Python or machine, or there are several.
    """
    environment = find_environment(root, target, where)
    if environment is not None:
        remove_junk(environment)
        point_to_interpreter(environment)
    return environment


def find_environment(root: Path, target: Target, where: str) -> Environment | None:
    """The virtual environment below ``root``, which will lie at the same place on the server; None if there is none.

    Raises BuildError when it does not fit ``target``, is not safe to work in, or there are several.
    """
    found = sorted(config.parent for config in root.rglob("pyvenv.cfg"))
    if len(found) > 1:
        said = f"it holds {len(found)} virtual environments, and one is all we can watch"
        raise BuildError(said, where=where, hint="make packages of their own of the others")
    if not found:
        return None
    python = target.release.python
    path = AbsolutePath(f"/{found[0].relative_to(root)}")
    environment = Environment(prefix=found[0], path=path, python=python)
    _check_python(environment, target, where)
    _check_links(environment, where)
    _check_compiled(environment, target, where)
    return environment


def _check_python(environment: Environment, target: Target, where: str) -> None:
    found = sorted(path.name.removeprefix("python") for path in (environment.prefix / "lib").glob("python3.*"))
    if found != [environment.python]:
        raise BuildError(
            f"its virtual environment is for Python {', '.join(found) or 'of no version'}, "
            f"and the target has {environment.python}",
            where=where,
            hint=f"take the artifact that was built on {target.codename}, or build from its wheel",
        )


def _check_links(environment: Environment, where: str) -> None:
    """Nothing that is rewritten here may be a link: it would be this machine's files that are written to."""
    prefix, site_packages = environment.prefix, environment.site_packages
    records = (path for info in sorted(site_packages.glob("*.dist-info")) for path in (info, info / "RECORD"))
    for path in (prefix / "pyvenv.cfg", prefix / "bin", prefix / "lib", site_packages.parent, site_packages, *records):
        if path.is_symlink():
            raise BuildError(
                f"{path.relative_to(prefix)} of its virtual environment is a link to {path.readlink()}",
                where=where,
                hint="look at how it was made: that is a file or directory of its own in every virtual environment",
            )


def _check_compiled(environment: Environment, target: Target, where: str) -> None:
    for file in sorted(environment.site_packages.glob("*.dist-info/WHEEL")):
        tags = HeaderParser().parsestr(file.read_text("utf-8")).get_all("Tag", [])
        if tags and not any(fits(tag, target) for text in tags for tag in parse_tag(text)):
            raise _other(file.parent.name.removesuffix(".dist-info"), target, where, f"its tags: {', '.join(tags)}")
    for path in sorted(environment.site_packages.rglob("*.so")):
        found = COMPILED.fullmatch(path.name)
        if found and int(found[1]) != target.release.python_version[1]:
            raise _other(str(path.relative_to(environment.site_packages)), target, where, None)


def _other(what: str, target: Target, where: str, details: str | None) -> BuildError:
    return BuildError(
        f"{what} in its virtual environment is not for Python {target.release.python} on {target}",
        where=where,
        hint=f"take the artifact that was built on {target.codename} for {target.architecture}",
        details=details,
    )
