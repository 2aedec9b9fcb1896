"""What tests of an apt archive begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archives import MemoryArchive


@pytest.fixture
def archive(tmp_path: Path) -> MemoryArchive:
    return MemoryArchive(tmp_path)
