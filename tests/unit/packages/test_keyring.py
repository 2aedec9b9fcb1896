"""The package that makes a machine trust the archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from debian.deb822 import Deb822

from katpkg.model.names import Fingerprint, Line
from katpkg.model.package import EntryKind, PackageSpec
from katpkg.model.project import Project
from katpkg.packages.keyring import keyring_spec
from tests.builders import MOMENT, TEMPLATES, TRIXIE, make_target
from tests.unit.pipeline.projects import make_project

FINGERPRINT = Fingerprint("A" * 40)
KEYRING = "/usr/share/keyrings/kat-archive-keyring.gpg"
SOURCES = "/etc/apt/sources.list.d/kat.sources"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def spec_of(project: Project, key: bytes = b"packets") -> PackageSpec:
    return keyring_spec(project, make_target(), key, FINGERPRINT, MOMENT, TEMPLATES)


def test_the_key_is_content_and_only_the_source_is_the_administrators_to_edit(project: Project) -> None:
    kinds = {entry.path: entry.kind for entry in spec_of(project).entries}
    assert kinds == {KEYRING: EntryKind.FILE, SOURCES: EntryKind.CONFFILE}


def test_the_source_trusts_that_key_for_that_archive_alone(project: Project) -> None:
    (content,) = (entry.content for entry in spec_of(project).entries if entry.path == SOURCES)
    assert isinstance(content, bytes)
    (stanza,) = Deb822.iter_paragraphs(content.decode(), use_apt_pkg=False)
    assert stanza["Signed-By"] == KEYRING
    assert stanza["Suites"] == "bookworm"
    assert stanza["URIs"] == project.archive.uri


def test_it_is_for_every_architecture_and_each_release_has_its_own(project: Project) -> None:
    there = keyring_spec(project, make_target(TRIXIE, "arm64"), b"packets", FINGERPRINT, MOMENT, TEMPLATES)
    assert there.architecture.is_all
    assert there.inputs != spec_of(project).inputs


def test_a_new_key_or_a_new_place_makes_a_new_revision_and_nothing_else_does(project: Project) -> None:
    before = spec_of(project)
    assert spec_of(project) == before
    assert spec_of(project, b"other packets").inputs != before.inputs
    moved = replace(project, archive=replace(project.archive, uri=Line("https://elsewhere.example.org/")))
    assert spec_of(moved).inputs != before.inputs
    described = replace(project, archive=replace(project.archive, description=Line("otherwise")))
    assert spec_of(described).inputs == before.inputs


def test_it_is_dated_by_the_key_and_names_its_fingerprint(project: Project) -> None:
    spec = spec_of(project)
    assert spec.source_date_epoch == MOMENT
    assert spec.changes == (f"The archive is signed by {FINGERPRINT}.",)
    assert spec.copyright.startswith("2026 ")
