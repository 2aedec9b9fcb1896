"""Metadata files: changed at a cost that follows the change, and the same as if made at once."""

from __future__ import annotations

import gzip
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import createrepo_c
import pytest

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import SuiteName
from katpkg.repository.apt.blocks import Sizes, read_members, split_members
from katpkg.repository.apt.blocks import gunzip as unpacked
from katpkg.repository.apt.blocks import gzip as packed
from katpkg.repository.published import Key
from katpkg.repository.rpm import metadata
from katpkg.repository.rpm.metadata import Metadata
from katpkg.repository.rpm.record import KINDS, Record, key_of, render, split_records
from katpkg.repository.rpm.repomd import Repomd
from tests.rpms import make_rpm

SMALL = Sizes(least=2000, spread=1000, most=4000)
RECORD = """\
<package type="rpm">
  <name>demo-{number:03}</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="1.0" rel="1.el9"/>
  <checksum type="sha256" pkgid="YES">{number:064x}</checksum>
  <summary>a &amp; b &lt;/package&gt;</summary>
  <size package="{number}" installed="1" archive="1"/>
  <location href="../../../../pool/x/demo-{number:03}.rpm"/>
</package>
"""


def texts(*numbers: int) -> dict[Key, bytes]:
    made = (RECORD.format(number=number).encode() for number in numbers)
    return {key_of(text): text for text in made}


def made(*numbers: int) -> Metadata:
    return Metadata.nothing("primary").revised(texts(*numbers), (), len(numbers), SMALL)


def names(file: Metadata) -> list[str]:
    return [record.name for record in file.records()]


@pytest.mark.parametrize("number", [0, 37, 50, 99])
def test_a_file_that_grew_is_the_one_made_at_once(number: int) -> None:
    grown = made(*(each for each in range(100) if each != number)).revised(texts(number), (), 100, SMALL)
    assert grown.gz == made(*range(100)).gz


@pytest.mark.parametrize("number", [0, 37, 99])
def test_a_package_that_left_leaves_no_trace(number: int) -> None:
    (key,) = texts(number)
    rest = [each for each in range(100) if each != number]
    assert made(*range(100)).revised({}, {key}, 99, SMALL).gz == made(*rest).gz
    assert made(number).revised({}, {key}, 0, SMALL).gz == Metadata.nothing("primary").revised({}, (), 0, SMALL).gz


def test_blocks_that_no_change_touches_are_copied_compressed_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(*range(0, 1000, 2))
    compressed: list[bytes] = []

    def counted(plain: bytes) -> bytes:
        compressed.append(plain)
        return packed(plain)

    monkeypatch.setattr(metadata, "gzip", counted)
    after = before.revised(texts(501), (), 501, SMALL)
    assert len(list(read_members(after.gz))) > 50
    assert len(compressed) <= 6
    assert names(after) == names(made(*range(0, 1000, 2), 501))


def test_a_block_that_no_change_touches_is_not_even_unpacked() -> None:
    before = made(*range(0, 1000, 2))
    members = split_members(before.gz)
    spoilt = bytes(members[40][:-8]) + bytes(8)
    holed = replace(before, gz=b"".join([*members[:40], spoilt, *members[41:]]))
    with pytest.raises(RepositoryError, match="the published metadata cannot be read"):
        list(holed.records())
    after = holed.revised(texts(1), {next(iter(texts(998)))}, 500, SMALL)
    assert spoilt in after.gz
    assert after.gz.replace(spoilt, members[40]) == made(*range(0, 998, 2), 1).gz


def test_of_hundreds_of_blocks_a_change_looks_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(*range(0, 4000, 2))
    assert len(split_members(before.gz)) > 200
    looked: list[int] = []

    def counted(member: memoryview, most: int = 0) -> bytes:
        looked.append(most)
        return unpacked(member, most)

    monkeypatch.setattr(metadata, "gunzip", counted)
    assert [record.name for record in before.named({"demo-1001", "demo-2000"})] == ["demo-2000"]
    after = before.revised(texts(2001), (), 2001, SMALL)
    assert len(looked) < 40
    assert after.gz == made(*range(0, 4000, 2), 2001).gz


def test_a_file_holds_every_package_and_tells_their_number() -> None:
    file = made(*range(30))
    plain = b"".join(plain for plain, _ in read_members(file.gz))
    assert plain.count(b"<package ") == 30
    assert b'packages="30"' in plain
    assert plain.endswith(b"</metadata>\n")


def test_a_record_says_where_its_package_lies_and_what_it_is() -> None:
    (text,) = texts(7).values()
    record = Record.parse(text)
    assert (record.name, record.version, record.architecture) == ("demo-007", "1.0-1.el9", "amd64")
    assert record.filename == "pool/x/demo-007.rpm"
    assert (record.digest.size, record.digest.sha256, record.inputs) == (7, f"{7:064x}", "")
    assert split_records(b"<x>" + text + text + b"</x>") == [text, text]


@pytest.mark.parametrize("damage", ["cut", "other", "no name"])
def test_a_damaged_file_is_told_with_its_place(damage: str) -> None:
    good = made(*range(9))
    spoilt = {
        "cut": good.gz[:-9],
        "other": b"hello",
        "no name": packed(b"<?xml?>") + packed(b"<package type='rpm'></package>\n"),
    }
    with pytest.raises(RepositoryError, match="the published metadata cannot be read") as caught:
        list(replace(good, gz=spoilt[damage], where="rpm/el9/x").records())
    assert caught.value.where == "rpm/el9/x"
    assert "from a backup or a mirror" in str(caught.value.hint)


def test_only_the_records_that_are_asked_for_are_read() -> None:
    file = made(*range(300))
    assert file.count == 300
    assert [record.name for record in file.named({"demo-007", "demo-299", "demo-0"})] == ["demo-007", "demo-299"]
    assert list(file.named(())) == []


def test_a_file_that_does_not_tell_how_many_packages_it_has_is_damaged() -> None:
    with pytest.raises(RepositoryError, match="the published metadata cannot be read") as caught:
        _ = replace(made(1), gz=packed(b"<metadata>")).count
    assert "it does not tell how many packages it has" in str(caught.value.details)


def test_the_library_of_createrepo_reads_what_we_write(tmp_path: Path) -> None:
    paths = [make_rpm(tmp_path / name, name, tags=["Requires: bash >= 5"]) for name in ("demo-a", "demo-b")]
    found: dict[str, Any] = {}
    for number, kind in enumerate(KINDS):
        records = [render(path, f"pool/{path.name}")[number] for path in paths]
        file = Metadata.nothing(kind).revised({key_of(each): each for each in records}, (), 2)
        found[kind] = tmp_path / f"{kind}.xml.gz"
        found[kind].write_bytes(file.gz)
    warnings: list[str] = []
    read: dict[str, Any] = {}

    def warn(_: int, text: str) -> bool:
        warnings.append(text)
        return True

    createrepo_c.xml_parse_primary(
        str(found["primary"]),
        pkgcb=lambda package: read.setdefault(package.pkgId, package),
        warningcb=warn,
    )
    createrepo_c.xml_parse_filelists(str(found["filelists"]), newpkgcb=lambda pkgid, *_: read[pkgid])
    createrepo_c.xml_parse_other(str(found["other"]), newpkgcb=lambda pkgid, *_: read[pkgid])
    assert warnings == []
    assert sorted(package.name for package in read.values()) == ["demo-a", "demo-b"]
    for package in read.values():
        assert f"/usr/share/{package.name}/file" in [f"{each[1]}{each[2]}" for each in package.files]
        assert ("bash", "GE", "0", "5", None, False) in package.requires


def test_what_createrepo_itself_makes_of_the_same_rpm_is_the_same_record(tmp_path: Path) -> None:
    path = make_rpm(tmp_path / "rpms", "demo-a")
    subprocess.run(["createrepo_c", "--quiet", "--general-compress-type=gz", tmp_path / "rpms"], check=True)
    (primary,) = (tmp_path / "rpms/repodata").glob("*-primary.xml.gz")
    (theirs,) = split_records(gzip.decompress(primary.read_bytes()))
    ours = render(path, "x")[0]

    def without(text: bytes) -> list[bytes]:
        return [line for line in text.splitlines() if b"<location" not in line and b"<time" not in line]

    assert without(ours) == without(theirs)


def test_repomd_is_read_as_it_was_written() -> None:
    files = {kind: Digest.of(kind.encode()) for kind in KINDS}
    repomd = Repomd(suite=SuiteName("el9"), date=datetime(2026, 3, 1, 12, tzinfo=UTC), files=files)
    assert Repomd.parse(repomd.render(), "x") == repomd
    for text in (b"hello", b"<repomd/>", repomd.render().replace(b"<revision>", b"<revision>x")):
        with pytest.raises(RepositoryError, match=r"repomd\.xml cannot be read") as caught:
            Repomd.parse(text, "somewhere")
        assert caught.value.where == "somewhere"
