"""The long description as both formats have it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator


def wrapped(description: str, width: int) -> Iterator[str]:
    """The lines of its paragraphs, with an empty line between them."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in description.strip().split("\n\n")]
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ""
        yield from textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
