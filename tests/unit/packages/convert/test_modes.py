"""Modes, as chmod itself would set them."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from katpkg.packages.convert.modes import changed


@pytest.mark.parametrize(
    "told", ["640", "0750", "u=rw,g=r,o=", "a+x", "go-rwx", "ug+rw,o=r", "u=rwx,go=rx", "a=", "u-x"]
)
@pytest.mark.parametrize("before", [0o644, 0o755, 0o600, 0o2750])
def test_a_mode_becomes_what_chmod_makes_of_it(told: str, before: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    subprocess.run(["chmod", told, path], check=True)
    assert changed(before, told) == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("told", ["", "rw", "+x", "u=s", "u=g", "X", "a+X", "9", "u=rw g=r"])
def test_what_is_written_otherwise_is_not_understood(told: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        changed(0o644, told)
