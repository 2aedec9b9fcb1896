"""An environment that somebody else made, before anything in it is written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.packages.adopt import adopt_environment
from tests.builders import make_target

VENV = "opt/venvs/kat-web"
SITE = f"{VENV}/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    "name",
    [f"{VENV}/pyvenv.cfg", f"{VENV}/bin", SITE, f"{SITE}/web-1.0.dist-info", f"{SITE}/web-1.0.dist-info/RECORD"],
)
def test_what_a_package_links_elsewhere_is_refused_and_what_lies_there_is_as_before(name: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for each in (f"{VENV}/bin/python3", f"{VENV}/pyvenv.cfg", f"{SITE}/web-1.0.dist-info/RECORD"):
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).write_text("gone.py,,\n")
    (root / name).rename(outside)
    (root / name).symlink_to(outside)
    before = contents(outside)
    with pytest.raises(BuildError) as caught:
        adopt_environment(root, make_target(), "web.deb")
    what = name.removeprefix(f"{VENV}/")
    assert caught.value.message == f"{what} of its virtual environment is a link to {outside}"
    assert caught.value.where == "web.deb"
    assert contents(outside) == before


def contents(place: Path) -> dict[Path, str]:
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    return {path: path.read_text() for path in files}
