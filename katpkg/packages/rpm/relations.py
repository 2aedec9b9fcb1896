"""Relations in dpkg's syntax (Debian Policy 7) as RPM has them. What RPM's world calls a package is never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from katpkg.errors import BuildError
from katpkg.model.module import Relations
from katpkg.model.package import PackageSpec
from katpkg.packages.rpm.names import Names
from katpkg.packages.venv import python_depends

RELATION = re.compile(r"(?P<name>[a-z0-9][a-z0-9+.-]+)(?: *\( *(?P<operator><<|<=|=|>=|>>) *(?P<version>[^\s)]+) *\))?")
OPERATORS = {"<<": "<", ">>": ">"}
LIBC = ("libc6", ">=")
PYTHON = ("python3", ">=")
"""Any package with such an interpreter will do: EL 9's python3 is 3.9, and python3.12 is beside it."""

TAGS = {
    "depends": "Requires",
    "recommends": "Recommends",
    "suggests": "Suggests",
    "conflicts": "Conflicts",
    "breaks": "Conflicts",
    "provides": "Provides",
}
"""The tag for each field. Replaces has none: within one transaction RPM lets files move between packages, and an
Obsoletes would remove the other package."""


def tags(spec: PackageSpec, names: Names) -> tuple[tuple[str, str], ...]:
    """The relations of ``spec`` as tags and their values, each once. Raises BuildError with every unknown name."""
    libraries = [("Requires", str(each)) for each in spec.foreign.libraries]
    found = [*_interpreter(spec), *libraries, *_translated(_others(spec), names, spec)]
    return tuple(dict.fromkeys(found))


def _interpreter(spec: PackageSpec) -> Iterator[tuple[str, str]]:
    """Any package with that interpreter will do: what it is called differs between releases."""
    needing = spec.virtual_environment or spec.setting_up
    if needing is not None:
        yield "Requires", f"python(abi) = {spec.target.release.python}"
        yield "Requires", str(needing.interpreter)


def _others(spec: PackageSpec) -> Relations:
    python = python_depends(spec.target) if spec.virtual_environment else ()
    return replace(spec.relations, depends=tuple(each for each in spec.relations.depends if each not in python))


def _translated(relations: Relations, names: Names, spec: PackageSpec) -> Iterator[tuple[str, str]]:
    unknown: list[str] = []
    for field, tag in TAGS.items():
        for line in getattr(relations, field):
            for relation in line.split(","):
                if value := translate(relation, names, unknown):
                    yield tag, value
    if unknown:
        raise BuildError(
            f"nobody knows what {spec.target.codename} calls {', '.join(dict.fromkeys(unknown))}",
            where=spec.name,
            hint=f'say it in katpkg.toml: [release.{spec.target.codename}] names = ["{unknown[0]} = NAME"]',
        )


def translate(relation: str, names: Names, unknown: list[str]) -> str:
    """One relation, its alternatives too, as RPM has it; empty when nothing is needed.

    Names that are not known are added to ``unknown``. Raises BuildError when the relation cannot be understood.
    """
    found = [_single(each.strip(), names, unknown) for each in relation.split("|")]
    if "" in found:  # one of the alternatives is always there
        return ""
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def _single(text: str, names: Names, unknown: list[str]) -> str:
    found = RELATION.fullmatch(text)
    if found is None:
        raise BuildError(f"{text!r} is no relation that RPM has a word for", hint="write NAME, or NAME (>= VERSION)")
    name, operator, version = found.groups()
    if (name, operator) == LIBC:
        return f"libc.so.6(GLIBC_{version})(64bit)"
    if (name, operator) == PYTHON:
        return f"python(abi) >= {version}"
    if name in names.own:
        called = name
    elif name in names.others:
        called = names.others[name]
    else:
        unknown.append(name)
        return name
    if not called or not operator or called.endswith(")"):  # what is no package has no version
        return called
    return f"{called} {OPERATORS.get(operator, operator)} {version}"
