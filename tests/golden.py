"""Expected renderings as files. ``make golden`` writes them anew; the diff is what changed."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """``text`` is what stands in tests/golden/``name``."""
    path = GOLDEN / name
    if os.environ.get("KATPKG_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), f"{name} came out differently; if that is right: make golden"
