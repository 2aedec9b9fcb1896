"""katpkg verify on archives that apt-ftparchive, dpkg-scanpackages, reprepro and aptly made."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.repository.apt.check.keyring import Keyring
from katpkg.repository.apt.check.rules import Level, Rule
from katpkg.repository.apt.check.scope import Demands
from katpkg.repository.apt.check.verify import verify
from katpkg.store.local import LocalStore
from tests.conftest import ROOT
from tests.others import Other, by_apt_ftparchive, by_aptly, by_dpkg_scanpackages, by_reprepro

pytestmark = pytest.mark.integration


@pytest.fixture(
    scope="module",
    params=[by_apt_ftparchive, by_dpkg_scanpackages, by_reprepro, by_aptly],
    ids=lambda make: make.__name__,
)
def other_master(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Other:
    """An archive that another tool made; never to be changed."""
    made: Other = request.param(tmp_path_factory.mktemp("other"))
    return made


@pytest.fixture
def other(other_master: Other, tmp_path: Path) -> Other:
    """A copy of it, to be spoiled."""
    shutil.copytree(other_master.root, tmp_path / "public", symlinks=True)
    return Other(root=tmp_path / "public", keyring=other_master.keyring)


def errors(other: Other) -> set[str]:
    demands = Demands(is_ours=False, sample=None)
    report = verify(LocalStore(other.root), Keyring.read(other.keyring), datetime.now(UTC), demands)
    assert sum(tally.packages for tally in report.suites) == 2
    return {finding.rule for finding in report.of(Level.ERROR)}


def test_an_archive_of_another_tool_is_whole(other_master: Other) -> None:
    assert errors(other_master) == set()


def test_a_package_that_was_replaced_is_found_in_any_archive(other: Other) -> None:
    deb = max(other.root.rglob("*.deb"))
    content = deb.read_bytes()
    deb.unlink()  # it may be a link to where the tool keeps it
    deb.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert errors(other) == {Rule.PACKAGE_WRONG.id}


def test_an_index_that_was_replaced_is_found_in_any_archive(other: Other) -> None:
    path = other.root / "dists/stable/main/binary-amd64/Packages.gz"
    old = path.read_bytes()
    for each in (other.root / "dists").rglob("*"):
        if each.is_file() and each.read_bytes() == old:
            each.unlink()
            each.write_bytes(gzip.compress(b"Package: evil\n\n"))
    found = errors(other)
    assert found
    assert found <= {Rule.INDEX_WRONG.id, Rule.BY_HASH_WRONG.id}


def test_a_date_in_the_future_is_found_in_any_archive(other: Other) -> None:
    release = other.root / "dists/stable/Release"
    text = re.sub(r"(?m)^Date: .*", "Date: Thu, 01 Jan 2099 00:00:00 UTC", release.read_text())
    release.unlink()
    release.write_text(text)
    other.sign_anew()
    assert errors(other) == {Rule.DATE_IN_FUTURE.id}


def test_any_archive_can_be_verified_without_a_definition(other: Other, tmp_path: Path) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "katpkg",
        "verify",
        other.root,
        "--keyring",
        other.keyring,
        "--suite",
        "stable",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
