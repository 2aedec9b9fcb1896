"""The pages that say what to do are done, as a reader would: every file written, every command given, in order."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root
from tests.conftest import ROOT
from tests.pages import Reader, archive_fields, archive_paths, steps

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("docs")]

TUTORIAL = ROOT / "docs" / "tutorial" / "first-archive.md"
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a reader who has just done the tutorial, with a machine beside."""
    directory = tmp_path_factory.mktemp("tutorial")
    with Machine(debian_root("bookworm"), "tutorial") as machine, Reader(directory, machine) as reader:
        reader.follow(list(steps(TUTORIAL.read_text())))
    return directory


def test_the_tutorial_leads_from_an_artifact_to_an_installed_package_and_its_upgrade(tutorial: Path) -> None:
    packages = {path.name for path in (tutorial / "public" / "pool").rglob("*.deb")}
    assert packages == {
        "first-archive-keyring_1-1~deb12u1_all.deb",
        "first-page_1.0-1~deb12u1_all.deb",
        "first-page_1.1-1~deb12u1_all.deb",
    }


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_how_to_works_for_who_has_done_the_tutorial(page: Path, tutorial: Path, tmp_path: Path) -> None:
    directory = tmp_path / "archive"
    shutil.copytree(tutorial, directory)
    todo = list(steps(page.read_text()))
    assert todo
    with Reader(directory) as reader:
        reader.follow(todo)


def test_every_file_of_a_published_archive_is_documented(tutorial: Path) -> None:
    archive = tutorial / "public"
    files = {str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()}
    served = {path for path in files if not path.startswith(".katpkg/")}
    assert [path for path in served if not any(known.fullmatch(path) for known in archive_paths())] == []


def test_every_field_of_a_published_archive_is_documented(tutorial: Path) -> None:
    suite = tutorial / "public" / "dists" / "bookworm"
    release = set(re.findall(r"(?m)^([A-Z][A-Za-z0-9-]+):", (suite / "Release").read_text()))
    index = gzip.decompress((suite / "main" / "binary-amd64" / "Packages.gz").read_bytes()).decode()
    ours = set(re.findall(r"(?m)^([A-Z][A-Za-z0-9-]+):", index)) - set(deb_fields(tutorial))
    assert release | ours <= archive_fields()


def deb_fields(tutorial: Path) -> list[str]:
    """The fields that the packages say themselves."""
    packages = (tutorial / "public" / "pool").rglob("*.deb")
    said = [subprocess.run(["dpkg-deb", "--field", each], capture_output=True, text=True).stdout for each in packages]
    return re.findall(r"(?m)^([A-Z][A-Za-z-]+):", "\n".join(said))
