"""Building .debs with Debian's own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.module import Relations
from katpkg.model.names import AbsolutePath, Architecture, Line
from katpkg.model.package import Entry, PackageSpec
from katpkg.model.target import Compression
from katpkg.model.version import Version
from katpkg.packages.deb import lintian, reproduce
from katpkg.packages.deb.builder import DebBuilder
from tests.builders import NOBLE, TEMPLATES, TRIXIE, make_spec, make_target
from tests.unit.packages.test_render import FULL

pytestmark = pytest.mark.integration

BUILDER = DebBuilder(TEMPLATES)

SPECS: dict[str, PackageSpec] = {
    "services": FULL,
    "nothing but relations": make_spec(),
    "files": make_spec(entries=(Entry(path=AbsolutePath("/usr/share/kat-web/file"), content=b"text\n"),)),
    "for trixie": make_spec(target=make_target(TRIXIE), version=Version("1.0-1~deb13u1")),
    "for noble": make_spec(target=make_target(NOBLE), version=Version("1.0-1~ubuntu24.04.1")),
    "for arm64": make_spec(target=make_target(TRIXIE, "arm64"), architecture=Architecture("arm64")),
    "with an epoch": make_spec(version=Version("1:1.0-1~deb12u1")),
}


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_becomes_the_package_it_describes(case: str, tmp_path: Path) -> None:
    spec = SPECS[case]
    package = BUILDER.build(spec, tmp_path)
    assert (package.name, package.version, package.architecture) == (spec.name, spec.version, spec.architecture)
    assert package.inputs == spec.inputs
    for entry in spec.entries:
        assert entry.path in package.members()
    for unit in spec.units:
        assert f"/usr/lib/systemd/system/{unit.name}.{unit.suffix}" in package.members()
    assert not [member for member in package.members() if member.startswith("/lib/")]


def test_owners_and_modes_are_those_of_a_package(tmp_path: Path) -> None:
    package = BUILDER.build(FULL, tmp_path)
    listed = subprocess.run(["dpkg-deb", "-c", package.path], check=True, capture_output=True, text=True).stdout
    rows = {line.split()[5]: line.split() for line in listed.splitlines()}
    assert {row[1] for row in rows.values()} == {"root/root"}
    assert rows["./etc/kat/web.conf"][0] == "-rw-r-----"
    assert rows["./usr/bin/kat-web"][0] == "-rwxr-xr-x"


def test_dpkg_buildpackage_builds_what_was_rendered(tmp_path: Path) -> None:
    tree = BUILDER.render(FULL, tmp_path)
    process.run(["dpkg-buildpackage", "-b", "-us", "-uc"], cwd=tree)
    (by_hand,) = tmp_path.glob("*.deb")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert by_hand.read_bytes() == BUILDER.build(FULL, elsewhere).path.read_bytes()


@pytest.mark.parametrize("compression", Compression)
def test_two_builds_are_the_same_bit_for_bit(compression: Compression, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "over there, further away"
    here.mkdir()
    there.mkdir()
    builder = DebBuilder(TEMPLATES, compression)
    first = builder.build(FULL, here)
    with process.surroundings(process.UNUSUAL):
        second = builder.build(FULL, there)
    reproduce.compare(first, second)


def test_two_builds_that_differ_are_told_where(tmp_path: Path) -> None:
    other = make_spec(entries=(Entry(path=AbsolutePath("/usr/share/kat-web/file"), content=b"x"),))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = BUILDER.build(make_spec(), tmp_path / "a"), BUILDER.build(other, tmp_path / "b")
    with pytest.raises(BuildError, match="is not reproducible: only one build has /usr/share/kat-web/"):
        reproduce.compare(first, second)


@pytest.mark.parametrize("case", ["files", "for noble"])
def test_lintian_has_nothing_to_say(case: str, tmp_path: Path) -> None:
    spec = SPECS[case]
    lintian.check(BUILDER.build(spec, tmp_path), spec.target.release.distribution)


def test_what_lintian_finds_stops_the_build(tmp_path: Path) -> None:
    spec = make_spec(
        summary=Line("Web interface."), entries=(Entry(path=AbsolutePath("/usr/bin/kat-web"), content=b"#!/bin/sh\n"),)
    )
    with pytest.raises(BuildError) as caught:
        lintian.check(BUILDER.build(spec, tmp_path), "debian")
    assert "lintian finds fault with kat-web_1.0-1~deb12u1_all.deb" in caught.value.message
    assert "[[lintian]]" in str(caught.value.hint)
    assert "no-manual-page" in str(caught.value.details)


def test_a_failing_tool_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        BUILDER.build(make_spec(relations=Relations(depends=(Line("libc6 (at least some"),))), tmp_path)
    assert caught.value.message == "kat-web cannot be built for bookworm/amd64"
    assert "libc6 (at least some" in str(caught.value.details)
    assert "katpkg build --render-only" in str(caught.value.hint)
