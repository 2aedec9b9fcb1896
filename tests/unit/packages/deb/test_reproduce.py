"""Two builds of one thing: the same, or an error that says in what they first differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.packages.deb.inspect import read_deb
from katpkg.packages.deb.reproduce import compare
from tests.builders import make_deb

DIFFERENT: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "a path": ({}, {"usr/a": ""}, "xz", "only one build has /usr/a, /usr/share/, "),
    "a field": ({"Homepage": "https://example.org/"}, {}, "xz", "the fields differ in Homepage"),
    "content": ({}, {"usr/share/demo-thing/file": "other\n"}, "xz", "the bytes of data.tar.xz differ"),
    "compression": ({}, {}, "gzip", "the bytes of control.tar"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_is_named(case: str, tmp_path: Path) -> None:
    control, files, compression, reason = DIFFERENT[case]
    first = read_deb(make_deb(tmp_path / "1"))
    second = read_deb(make_deb(tmp_path / "2", control, files, compression))
    with pytest.raises(BuildError) as caught:
        compare(second, first)
    assert caught.value.message.startswith(f"demo-thing_1.0-1_all.deb is not reproducible: {reason}")
    assert caught.value.hint == f"to see more: diffoscope {second.path} {first.path}"


def test_equal_files_are_the_same_package(tmp_path: Path) -> None:
    path = make_deb(tmp_path)
    compare(read_deb(path), read_deb(path, look_inside=False))
