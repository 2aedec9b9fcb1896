"""RPMs that rpmbuild makes, read back by rpm itself."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.module import Relations
from katpkg.model.names import AbsolutePath, Architecture, Line
from katpkg.model.package import Entry, EntryKind, PackageSpec
from katpkg.model.target import Compression
from katpkg.packages.rpm.builder import RpmBuilder
from katpkg.packages.rpm.inspect import read_rpm
from tests.builders import EL9, TEMPLATES, make_target
from tests.unit.packages.rpm.test_specfile import FULL, LEAST

pytestmark = pytest.mark.integration

BUILDER = RpmBuilder(TEMPLATES, {"kat", "kat-web"})

FILE = Entry(path=AbsolutePath("/usr/share/kat-web/file"), content=b"text\n")
SPECS: dict[str, PackageSpec] = {
    "services": FULL,
    "nothing but relations": LEAST,
    "files": replace(LEAST, entries=(FILE,)),
    "for aarch64": replace(LEAST, target=make_target(EL9, "arm64"), architecture=Architecture("arm64")),
}


def query(path: Path, form: str) -> list[str]:
    command: list[str | Path] = ["rpm", "--query", "--package", "--queryformat", form, path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_becomes_the_package_it_describes(case: str, tmp_path: Path) -> None:
    spec = SPECS[case]
    package = BUILDER.build(spec, tmp_path)
    assert (package.name, package.version, package.architecture) == (spec.name, spec.version, spec.architecture)
    assert package.inputs == spec.inputs
    assert package.path.name == package.filename
    for entry in spec.entries:
        assert {entry.path, f"{entry.path}/"} & set(package.members())
    for unit in spec.units:
        assert f"/usr/lib/systemd/system/{unit.name}.{unit.suffix}" in package.members()


def test_rpm_itself_sees_owners_modes_and_conffiles_as_they_are_meant(tmp_path: Path) -> None:
    package = BUILDER.build(FULL, tmp_path)
    listed = query(package.path, "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME} %{FILEFLAGS:fflags}\n]")
    rows = {line.split(" ")[0]: line.split(" ")[1:] for line in listed}
    assert rows["/etc/kat/web.conf"] == ["-rw-r-----", "root", "cn"]
    assert rows["/usr/bin/kat-web"][:2] == ["-rwxr-xr-x", "root"]
    assert rows["/var/lib/kat-web"][:2] == ["drwxr-x---", "kat-web"]
    assert {row[1] for name, row in rows.items() if name != "/var/lib/kat-web"} == {"root"}
    assert not {"/usr", "/usr/bin", "/etc", "/opt", "/var/lib", "/usr/lib/systemd/system"} & rows.keys()


def test_a_release_candidate_is_older_than_the_release(tmp_path: Path) -> None:
    package = BUILDER.build(FULL, tmp_path)
    assert query(package.path, "%{VERSION}") == ["1.0~rc1"]
    assert "rpmlib(TildeInVersions)" in query(package.path, "[%{REQUIRENAME}\n]")


@pytest.mark.parametrize("compression", Compression)
def test_two_builds_are_the_same_bit_for_bit(compression: Compression, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "over there, further away"
    here.mkdir()
    there.mkdir()
    builder = RpmBuilder(TEMPLATES, {"kat"}, compression)
    first = builder.build(FULL, here)
    with process.surroundings(process.UNUSUAL):
        second = builder.build(FULL, there)
    builder.compare(first, second)
    assert query(first.path, "%{BUILDHOST} %{BUILDTIME}") == [f"reproducible {FULL.source_date_epoch}"]


def test_two_builds_that_differ_are_told_where(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    first = BUILDER.build(LEAST, tmp_path / "a")
    with pytest.raises(BuildError, match="is not reproducible: only one build has /usr/share/kat-web/"):
        BUILDER.compare(first, BUILDER.build(SPECS["files"], tmp_path / "b"))
    other = BUILDER.build(replace(LEAST, summary=Line("other")), tmp_path / "c")
    with pytest.raises(BuildError, match="the fields differ in Description"):
        BUILDER.compare(first, other)


def test_rpmbuild_builds_by_hand_what_was_rendered(tmp_path: Path) -> None:
    tree = BUILDER.render(FULL, tmp_path)
    definitions = [f"_sourcedir {tree}", f"_topdir {tmp_path}/top", f"_dbpath {tmp_path}/database"]
    words = [word for each in definitions for word in ("--define", each)]
    process.run(
        ["rpmbuild", "-bb", "--nodeps", "--target", "x86_64", *words, tree / "kat-web.spec"],
        cwd=tree,
        env={"SOURCE_DATE_EPOCH": str(FULL.source_date_epoch)},
    )
    (by_hand,) = (tmp_path / "top").rglob("*.rpm")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert by_hand.read_bytes() == BUILDER.build(FULL, elsewhere).path.read_bytes()


@pytest.mark.parametrize("case", ["nothing but relations", "files"])
def test_rpmlint_has_nothing_to_say(case: str, tmp_path: Path) -> None:
    BUILDER.check(BUILDER.build(SPECS[case], tmp_path), EL9)


def test_what_rpmlint_finds_stops_the_build(tmp_path: Path) -> None:
    link = Entry(path=AbsolutePath("/usr/share/kat/link"), content="nowhere", kind=EntryKind.SYMLINK)
    spec = replace(LEAST, entries=(link,))
    with pytest.raises(BuildError, match=r"rpmlint finds fault with kat-web-1\.0-1\.el9\.noarch\.rpm") as caught:
        BUILDER.check(BUILDER.build(spec, tmp_path), EL9)
    assert "dangling-relative-symlink" in str(caught.value.details)


def test_a_failing_tool_is_told_with_its_words(tmp_path: Path) -> None:
    spec = replace(LEAST, relations=Relations(provides=(Line("kat-web (= 1.0/2)"),)))
    with pytest.raises(BuildError) as caught:
        BUILDER.build(spec, tmp_path)
    assert caught.value.message == "kat-web cannot be built for el9/x86_64"
    assert "1.0/2" in str(caught.value.details)
    assert not list(tmp_path.rglob("*.rpm"))


def test_a_value_cannot_smuggle_anything_into_the_spec_file(tmp_path: Path) -> None:
    evil = str.__new__(Line, "x\nProvides: root")
    with pytest.raises(BuildError, match="came out as something else than kat-web"):
        BUILDER.build(replace(LEAST, summary=evil), tmp_path)


def test_what_is_no_rpm_is_refused(tmp_path: Path) -> None:
    path = BUILDER.build(SPECS["files"], tmp_path).path
    path.write_bytes(b"!<arch>\n" + path.read_bytes())
    with pytest.raises(BuildError, match="is no RPM that can be published"):
        read_rpm(path)


def test_a_tree_keeps_names_that_a_spec_file_could_not_say(tmp_path: Path) -> None:
    tree = tmp_path / "opt"
    (tree / "venvs/kat-web").mkdir(parents=True)
    (tree / "venvs/kat-web/[a b] *100%.py").write_text("")
    entry = Entry(kind=EntryKind.TREE, path=AbsolutePath("/opt"), content=tree)
    work = tmp_path / "work"
    work.mkdir()
    package = BUILDER.build(replace(LEAST, entries=(entry,)), work)
    assert "/opt/venvs/kat-web/[a b] *100%.py" in package.members()
    assert "/opt/" not in package.members()
