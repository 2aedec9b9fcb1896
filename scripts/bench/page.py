"""docs/benchmarks.md, whose tables are written by what measured them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "benchmarks.md"


def write(section: str, text: str) -> None:
    """Replace what stands between the marks of ``section``. Raises ValueError when they are not there."""
    begin, end = f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"
    page = PAGE.read_text()
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{PAGE.name} has no place for {section}")
    PAGE.write_text(f"{before}{begin}{text}\n{end}{after}")


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are figures."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine(packages: Sequence[str]) -> str:
    """When and where this was measured, with the versions of ``packages``."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores and {memory:.0f} GB, "
        f"Linux {platform.release()}, {_debian()}; {', '.join(map(_version, packages))}.\n"
    )


def _debian() -> str:
    return platform.freedesktop_os_release()["PRETTY_NAME"]


def _version(package: str) -> str:
    query = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", package]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout
