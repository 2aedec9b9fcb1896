"""Files of an artifact that go to a place of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.artifact import Payload
from katpkg.model.names import AbsolutePath
from katpkg.model.payload import Copy
from katpkg.packages.copies import copy_out
from tests.builders import make_artifact
from tests.trees import tree


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    (tmp_path / "web-1.0.zip").touch()
    root = tmp_path / "payload"
    (root / "www/css").mkdir(parents=True)
    (root / "www/index.html").write_text("page")
    (root / "www/css/style.css").write_text("style")
    (root / "www/latest").symlink_to("css/style.css")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    return Payload(artifact=make_artifact(tmp_path / "web-1.0.zip"), root=root)


def copied(payload: Payload, *copies: tuple[str, str]) -> Path:
    root = payload.root.parent / "root"
    root.mkdir()
    copy_out(payload, [Copy(source=source, to=AbsolutePath(to)) for source, to in copies], root)
    return root


def test_a_tree_lies_where_it_was_sent_links_as_links(payload: Payload) -> None:
    root = copied(payload, ("www", "/usr/share/web"))
    assert (root / "usr/share/web/css/style.css").read_text() == "style"
    assert (root / "usr/share/web/latest").readlink() == Path("css/style.css")
    assert not (root / "usr/share/web/run.sh").exists()


def test_a_file_keeps_its_executable_bit_under_its_new_name(payload: Payload) -> None:
    root = copied(payload, ("run.sh", "/usr/bin/web"))
    assert (root / "usr/bin/web").stat().st_mode & 0o777 == 0o755


def test_a_dot_is_all_of_it(payload: Payload) -> None:
    root = copied(payload, (".", "/usr/share/web"))
    assert tree(root / "usr/share/web") == tree(payload.root)


def test_copies_to_one_place_are_laid_over_each_other(payload: Payload) -> None:
    root = copied(payload, ("www/css", "/srv"), ("run.sh", "/srv/run.sh"))
    assert sorted(path.name for path in (root / "srv").iterdir()) == ["run.sh", "style.css"]


@pytest.mark.parametrize("source", ["..", "../payload/../keys", "www/../../keys", "/etc/passwd"])
def test_a_copy_that_leads_out_of_the_artifact_is_refused(source: str, payload: Payload) -> None:
    with pytest.raises(BuildError) as caught:
        copied(payload, (source, "/srv"))
    assert caught.value.message == f"the copy {source!r} leads out of the artifact"
    assert caught.value.where == "web-1.0.zip"
    assert list((payload.root.parent / "root").iterdir()) == []


def test_a_copy_through_a_link_that_leads_out_is_refused(payload: Payload) -> None:
    (payload.root / "out").symlink_to("/etc")
    with pytest.raises(BuildError, match="leads out of the artifact"):
        copied(payload, ("out/passwd", "/srv/passwd"))


@pytest.mark.parametrize(("source", "hint"), [("wwww", "it has 'www'"), ("run.s", "it has 'run.sh'")])
def test_what_is_missing_is_said_with_what_looks_like_it(source: str, hint: str, payload: Payload) -> None:
    with pytest.raises(BuildError) as caught:
        copied(payload, (source, "/srv"))
    assert caught.value.message == f"the artifact has no {source!r}"
    assert caught.value.hint == hint
