"""What dpkg knows, or rpm."""

from __future__ import annotations

from collections.abc import Iterable

from katctl import process
from katctl.errors import ToolFailed

QUERIES = (
    ("dpkg-query", "--show", "--showformat=${Package} ${Version}\n"),
    ("rpm", "--query", "--queryformat=%{NAME} %{EVR}\n"),
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


def present(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of ``packages`` that is installed; the others are left out."""
    # one by one: asked for several, dpkg fails when it does not know one of them
    return {name: version for each in packages for name, version in versions([each]).items()}
