"""Versions: dpkg must order what we make of them as Python orders what they were."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest
from debian.debian_support import NativeVersion
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version as PythonVersion

from katpkg.model.names import Codename
from katpkg.model.target import Release
from katpkg.model.upstream import translate
from katpkg.model.version import Version, next_revision, with_revision

BOOKWORM = Release(codename=Codename("bookworm"), distribution="debian", version="12", python="3.11", glibc="2.36")
TRIXIE = Release(codename=Codename("trixie"), distribution="debian", version="13", python="3.13", glibc="2.41")
JAMMY = Release(codename=Codename("jammy"), distribution="ubuntu", version="22.04", python="3.10", glibc="2.35")
NOBLE = Release(codename=Codename("noble"), distribution="ubuntu", version="24.04", python="3.12", glibc="2.39")

TRANSLATED = {
    "1.20.1": "1.20.1",
    "v1.20.1": "1.20.1",
    "1.20.0rc2": "1.20.0~rc2",
    "1.20.0~rc2": "1.20.0~rc2",
    "1.20.0a1": "1.20.0~a1",
    "1.20.0b3": "1.20.0~b3",
    "1.20.2.dev26+gcae5e263e": "1.20.2~~dev26",
    "1.20.0rc2.dev2+g111f6866c": "1.20.0~rc2~~dev2",
    "1.20.0~rc2.dev2+g111f6866c": "1.20.0~rc2~~dev2",
    "0.1.dev1+g0123abc": "0.1~~dev1",
    "1.0.post1": "1.0post1",
    "1.0-1": "1.0post1",
    "1.0.post1.dev3": "1.0post1~~dev3",
    "1!2.0": "1:2.0",
    "26.5.0": "26.5.0",
    "2024a": "2024~a0",
}

IN_PYTHON_ORDER = [
    "0.9",
    "1.0.dev1",
    "1.0.dev10",
    "1.0a1.dev1",
    "1.0a1",
    "1.0a2",
    "1.0b1",
    "1.0rc1.dev4",
    "1.0rc1",
    "1.0rc2",
    "1.0",
    "1.0.post1.dev1",
    "1.0.post1",
    "1.0.post2",
    "1.0.1.dev1",
    "1.0.1",
    "1.1",
    "1.10",
    "2.0",
    "1!0.1",
]


def dpkg_says(first: str, relation: str, second: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", first, relation, second], check=False).returncode == 0


@pytest.mark.parametrize(("upstream", "debian"), TRANSLATED.items())
def test_pep_440_is_translated(upstream: str, debian: str) -> None:
    assert translate(upstream).version == debian


def test_the_local_part_is_kept_for_the_changelog() -> None:
    assert translate("1.20.2.dev26+gcae5e263e").local == "gcae5e263e"


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(IN_PYTHON_ORDER)))
def test_dpkg_orders_translated_versions_as_python_does(lower: str, higher: str) -> None:
    assert PythonVersion(lower) < PythonVersion(higher), "the table itself"
    assert dpkg_says(translate(lower).version, "lt", translate(higher).version)
    assert translate(lower).version < translate(higher).version


@pytest.mark.parametrize("release", [BOOKWORM, JAMMY])
@pytest.mark.parametrize(("lower", "higher"), list(pairwise(IN_PYTHON_ORDER)))
def test_a_revision_does_not_disturb_the_order(lower: str, higher: str, release: Release) -> None:
    first = with_revision(translate(lower).version, 9, release)
    second = with_revision(translate(higher).version, 1, release)
    assert dpkg_says(first, "lt", second)


def test_a_distribution_upgrade_upgrades_the_package() -> None:
    upstream = Version("1.20.1")
    assert with_revision(upstream, 1, BOOKWORM) == "1.20.1-1~deb12u1"
    assert with_revision(upstream, 1, TRIXIE) == "1.20.1-1~deb13u1"
    assert with_revision(upstream, 1, JAMMY) == "1.20.1-1~ubuntu22.04.1"
    assert dpkg_says("1.20.1-1~deb12u1", "lt", "1.20.1-1~deb13u1")
    assert dpkg_says(with_revision(upstream, 1, JAMMY), "lt", with_revision(upstream, 1, NOBLE))


def test_the_next_revision_follows_the_published_ones_of_the_same_upstream_and_release() -> None:
    published = [Version(text) for text in ("1.0-1~deb12u1", "1.0-9~deb12u1", "1.0-11~deb13u1", "1.1-12~deb12u1")]
    assert next_revision(Version("1.0"), BOOKWORM, published) == 10
    assert next_revision(Version("2.0"), BOOKWORM, published) == 1


@pytest.mark.parametrize("text", ["nightly", "1.0/../../etc", "x-1.0+y", "", "1.0 ", "1.0\n"])
def test_what_cannot_be_a_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="version"):
        translate(text)


def test_no_translated_version_contains_a_plus() -> None:
    assert not [text for text in (*TRANSLATED, *IN_PYTHON_ORDER) if "+" in translate(text).version]


def test_only_untagged_commits_are_development_versions() -> None:
    assert translate("1.0.dev1").version.is_development
    assert not translate("1.0rc1").version.is_development


def test_the_epoch_is_not_part_of_a_file_name() -> None:
    assert Version("1:2.0-1").without_epoch == "2.0-1"


PART = st.text("0019.+~aAz", max_size=6)
VERSIONS = st.builds(
    lambda epoch, upstream, revision: f"{epoch}1{upstream}{revision}",
    st.sampled_from(["", "0:", "1:", "10:"]),
    PART,
    st.one_of(st.just(""), PART.filter(bool).map("-{}".format)),
)


@settings(max_examples=2000)
@given(VERSIONS, VERSIONS)
def test_the_order_is_that_of_python_debian_which_is_that_of_dpkg(one: str, other: str) -> None:
    assert (Version(one) < Version(other)) == (NativeVersion(one) < NativeVersion(other))
    assert (Version(one) > Version(other)) == (NativeVersion(one) > NativeVersion(other))


def test_dpkg_itself_orders_the_hard_ones_so() -> None:
    hard = ["1.0~~", "1.0~~a", "1.0~", "1.0-0~", "1.0", "1.0-0.1", "1.0a", "1.0+", "1.0.", "1.00.1", "1.1", "1:0"]
    for one, other in pairwise(hard):
        assert subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0
        assert Version(one) < Version(other)


@pytest.mark.parametrize("theirs", ["1.20.1", "1.20.0~rc2"])
def test_our_package_of_a_release_is_newer_than_the_one_that_others_built(theirs: str) -> None:
    for release in (BOOKWORM, TRIXIE):
        assert dpkg_says(theirs, "lt", with_revision(Version(theirs), 1, release))
