"""How a laid out tree becomes part of a source tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from katpkg.model.names import AbsolutePath
from katpkg.model.package import Entry, EntryKind
from katpkg.model.target import Compression
from katpkg.packages.deb.debianize import debianize
from tests.builders import TEMPLATES, make_spec


def render(laid_out: Path, into: Path) -> Path:
    tree = Entry(kind=EntryKind.TREE, path=AbsolutePath("/opt"), content=laid_out)
    debianize(make_spec(entries=(tree,)), into, TEMPLATES, Compression.XZ)
    return into / "root/opt"


def lay_out(directory: Path) -> Path:
    (directory / "bin").mkdir(parents=True)
    (directory / "bin/web").write_text("#!/bin/sh\n")
    (directory / "bin/web").chmod(0o755)
    (directory / "bin/old").symlink_to("web")
    return directory


def test_a_laid_out_tree_is_not_copied_again(tmp_path: Path) -> None:
    laid_out = lay_out(tmp_path / "laid-out")
    rendered = render(laid_out, tmp_path / "source")
    assert (rendered / "bin/web").samefile(laid_out / "bin/web")
    assert (rendered / "bin/old").readlink() == Path("web")


def test_a_laid_out_tree_on_another_file_system_is_copied_with_its_modes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    laid_out = lay_out(tmp_path / "laid-out")
    web = render(laid_out, tmp_path / "source") / "bin/web"
    assert not web.samefile(laid_out / "bin/web")
    assert (web.read_text(), web.stat().st_mode & 0o777) == ("#!/bin/sh\n", 0o755)
