"""What dpkg knows, or rpm, and what an administrator types to have packages come and go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from katctl import process
from katctl.errors import ToolFailed

QUERIES = (
    ("dpkg-query", "--show", "--showformat=${Package} ${Version}\n"),
    ("rpm", "--query", "--queryformat=%{NAME} %{EVR}\n"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """A package manager, in its own words."""

    install: str
    reinstall: str
    upgrade: str
    downgrade: str
    joint: str
    """What stands between the name of a package and a version of it."""
    postgresql: str
    """The package that has the server."""


APT = Manager(
    install="apt install",
    reinstall="apt install --reinstall",
    upgrade="apt update && apt upgrade",
    downgrade="apt install --allow-downgrades",
    joint="=",
    postgresql="postgresql",
)
DNF = Manager(
    install="dnf install",
    reinstall="dnf reinstall",
    upgrade="dnf upgrade --refresh",
    downgrade="dnf downgrade",
    joint="-",
    postgresql="postgresql-server",
)


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of ``packages`` that is installed; none, when one of them is not."""
    names = sorted(set(packages))
    for query in QUERIES:
        try:
            said = process.run([*query, *names])
        except ToolFailed:
            continue
        return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    return {}


def is_older(version: str, numbers: str) -> bool:
    """Whether ``version`` of a package is of older software than the one of these ``numbers``, 1.17 or 1.17.0."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return found is not None and _parts(found[1]) < _parts(numbers)


def _parts(numbers: str) -> list[int]:
    parts = [int(each) for each in numbers.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


def present(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of ``packages`` that is installed; the others are left out."""
    # one by one: asked for several, dpkg fails when it does not know one of them
    return {name: version for each in packages for name, version in versions([each]).items()}


@cache
def manager() -> Manager:
    """What brought katctl itself, for a machine may have both."""
    is_debs = process.succeeds(["dpkg-query", "--search", __file__])
    return DNF if not is_debs and process.succeeds(["rpm", "--query", "--file", __file__]) else APT


def to_install(*names: str) -> str:
    """What to type to have the packages ``names``."""
    return " ".join((manager().install, *names))


def to_install_postgresql() -> str:
    """What to type to have the server."""
    return to_install(manager().postgresql)


def to_reinstall(path: Path) -> str:
    """What to do to have the file at ``path`` as its package brings it."""
    return f"{manager().reinstall} the owner of {path}"


def to_upgrade() -> str:
    """What to type to have the newest version of everything."""
    return manager().upgrade


def to_go_back(before: Mapping[str, str]) -> str:
    """What to type to have the versions ``before`` again."""
    return " ".join((manager().downgrade, *(f"{name}{manager().joint}{before[name]}" for name in sorted(before))))
