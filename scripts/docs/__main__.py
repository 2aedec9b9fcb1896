"""``make docs``: write the generated reference pages anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.docs.commands import commands_page
from scripts.docs.definition import definition_page

REFERENCE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference"

PAGES: Mapping[str, Callable[[], str]] = {"cli.md": commands_page, "definition.md": definition_page}
"""Each page and who writes it."""


def main() -> None:
    """Write those pages that are not what the code says now."""
    for name, render in PAGES.items():
        path, text = REFERENCE / name, render()
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            print(f"docs/reference/{name} written")


if __name__ == "__main__":
    main()
