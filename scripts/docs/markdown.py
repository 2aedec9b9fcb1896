"""Pieces of Markdown that mean what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty when it has no rows."""
    lines = [" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows]
    if not lines:
        return ""
    head = (" | ".join(columns), " | ".join("---" for _ in columns))
    return "\n".join(f"| {line} |" for line in (*head, *lines))


def code(text: str) -> str:
    """``text`` as code."""
    return f"`{text}`"


def prose(docstring: str) -> str:
    """A docstring's words in one line: code stays code, and an <address> is no markup."""
    text = " ".join(docstring.replace("``", "`").split())
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)


def page(*parts: str) -> str:
    """What is not empty of ``parts``, as paragraphs."""
    return "\n\n".join(part for part in parts if part) + "\n"
