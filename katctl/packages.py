"""What dpkg knows."""

from __future__ import annotations

from collections.abc import Iterable

from katctl import process
from katctl.errors import ToolFailed


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each of ``packages`` that dpkg knows."""
    try:
        command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *sorted(set(packages))]
        said = process.run(command)
    except ToolFailed:
        return {}
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
