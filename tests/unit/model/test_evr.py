"""Versions as RPM has them."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest

from katpkg.model.evr import Evr
from katpkg.model.target import PackageFormat
from katpkg.model.upstream import translate
from katpkg.model.version import Version, next_revision, with_revision
from tests.builders import ALL, AMD64, EL9, make_target


def rpm_says(one: str, other: str) -> int:
    """-1, 0 or 1, as rpm itself compares."""
    script = f'%{{lua:print(rpm.vercmp("{one}", "{other}"))}}'
    return int(subprocess.run(["rpm", "--eval", script], check=True, capture_output=True, text=True).stdout)


def test_a_version_falls_into_epoch_version_and_release() -> None:
    assert Evr.of(Version("1:1.0~rc1-2.el9")) == Evr(epoch=1, version="1.0~rc1", release="2.el9")
    assert str(Evr.of(Version("1:1.0~rc1-2.el9"))) == "1:1.0~rc1-2.el9"
    assert str(Evr.of(Version("1.0-2.el9"))) == "1.0-2.el9"
    assert Evr.of(Version("1.0")).release == "1"


def test_two_hyphens_are_refused() -> None:
    with pytest.raises(ValueError, match="two hyphens"):
        Evr.of(Version("1.0-rc-1"))


def test_rpm_orders_what_is_translated_as_python_does() -> None:
    upstream = ("1.20.2.dev26+gabc", "1.20.2a1", "1.20.2rc1", "1.20.2rc2", "1.20.2", "1.20.2.post1", "1.20.10")
    versions = [with_revision(translate(each).version, 1, EL9) for each in upstream]
    for one, other in pairwise(versions):
        assert one < other
        assert rpm_says(one, other) == -1


def test_a_revision_carries_the_dist_tag_and_rises() -> None:
    upstream = Version("1.0")
    first = with_revision(upstream, 1, EL9)
    assert first == "1.0-1.el9"
    assert next_revision(upstream, EL9, [first, Version("1.0-9.el8"), Version("1.0-9~deb12u1")]) == 2


def test_a_target_is_named_as_its_users_name_it() -> None:
    assert str(make_target(EL9)) == "el9/x86_64"
    assert PackageFormat.RPM.architecture("aarch64") == "arm64"
    assert PackageFormat.RPM.filename("kat-web", "1.0-1.el9", AMD64) == "kat-web-1.0-1.el9.x86_64.rpm"
    assert PackageFormat.RPM.filename("kat-web", "1.0-1.el9", ALL) == "kat-web-1.0-1.el9.noarch.rpm"


def test_an_architecture_without_rpms_is_refused() -> None:
    with pytest.raises(ValueError, match="'i686' is no architecture of RPMs: one of noarch, x86_64"):
        PackageFormat.RPM.architecture("i686")
    with pytest.raises(ValueError, match="no RPMs are made for armhf"):
        PackageFormat.RPM.word(type(AMD64)("armhf"))
