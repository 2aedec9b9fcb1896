"""Taking over what other machines built: all of it whole, or nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.names import Codename
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.built import BuildDirectory, Built
from katpkg.pipeline.gather import gather
from katpkg.report import Quiet
from katpkg.sources.workplace import held
from tests.builders import make_deb

BOOKWORM = Codename("bookworm")


def machine(root: Path, package: str, inputs: str) -> Path:
    """A machine's build directory with one package in it."""
    directory = BuildDirectory(root, BOOKWORM)
    directory.path.mkdir(parents=True)
    deb = read_deb(make_deb(root / "work", {"Package": package}))
    deb.path.rename(directory.path / deb.path.name)
    directory.write([Built.of(read_deb(directory.path / deb.path.name), inputs)])
    return directory.path / deb.path.name


def here(tmp_path: Path) -> BuildDirectory:
    return BuildDirectory(tmp_path / "build", BOOKWORM)


def test_packages_of_several_machines_come_together_with_those_that_were_here(tmp_path: Path) -> None:
    machine(tmp_path / "build", "demo-here", "1")
    machine(tmp_path / "others" / "a", "demo-a", "2")
    machine(tmp_path / "others" / "b", "demo-b", "3")
    gather(tmp_path / "others", {BOOKWORM: here(tmp_path)}, Quiet())
    found = here(tmp_path).read()
    assert {each.package: each.inputs for each in found} == {"demo-here": "1", "demo-a": "2", "demo-b": "3"}
    assert all(each.is_whole(here(tmp_path).path) for each in found)
    assert all(each.members() for each in found)


def test_who_builds_there_is_waited_for(tmp_path: Path) -> None:
    """Whoever adds to what is recorded reads it first."""
    machine(tmp_path / "build", "demo-here", "1")
    machine(tmp_path / "others", "demo-a", "2")
    waits, told = threading.Event(), list[str]()

    class Told(Quiet):
        def note(self, text: str) -> None:
            told.append(text)
            waits.set()

    with ThreadPoolExecutor(1) as threads:
        with held(here(tmp_path).path):
            gathering = threads.submit(gather, tmp_path / "others", {BOOKWORM: here(tmp_path)}, Told())
            assert waits.wait(60)
            assert told == ["another katpkg is building here; waiting"]
            assert [each.package for each in here(tmp_path).read()] == ["demo-here"]
        gathering.result()
    assert {each.package for each in here(tmp_path).read()} == {"demo-here", "demo-a"}


def test_when_one_is_not_what_was_built_nothing_is_taken(tmp_path: Path) -> None:
    machine(tmp_path / "others" / "a", "demo-a", "2")
    spoilt = machine(tmp_path / "others" / "b", "demo-b", "3")
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"x")
    with pytest.raises(BuildError) as caught:
        gather(tmp_path / "others", {BOOKWORM: here(tmp_path)}, Quiet())
    assert caught.value.message == f"{spoilt.name} is not the package that was built"
    assert caught.value.where == str(spoilt)
    assert not (tmp_path / "build").exists()


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        gather(tmp_path / "others", {BOOKWORM: here(tmp_path)}, Quiet())
    assert (caught.value.message, caught.value.where) == ("there is no such directory", str(tmp_path / "others"))
    assert not (tmp_path / "build").exists()


def test_where_nothing_was_built_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    gather(tmp_path / "others", {BOOKWORM: here(tmp_path)}, Quiet())
    assert not (tmp_path / "build").exists()
