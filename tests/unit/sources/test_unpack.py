"""Unpacking: whatever an archive tries, it is refused with a reason, and nothing is left behind."""

from __future__ import annotations

import io
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.errors import SourceError
from katpkg.sources.members import Limits, Links
from katpkg.sources.unpack import open_payload, unpack_tar
from tests.builders import make_artifact, make_tar, make_wheel, make_zip

SMALL = Limits(total=1 << 20, members=50, ratio=50, ratio_from=1 << 16, depth=8)

Maker = Callable[[Path], Path]


def zip_of(*members: tuple[zipfile.ZipInfo | str, bytes]) -> Maker:
    def make(directory: Path) -> Path:
        path = directory / "web-1.0.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for info, content in members:
                archive.writestr(info, content)
        return path

    return make


def tar_of(*members: tarfile.TarInfo) -> Maker:
    def make(directory: Path) -> Path:
        path = directory / "web-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for info in members:
                tar.addfile(info, io.BytesIO(b"x" * info.size))
        return path

    return make


def raw(content: bytes, name: str = "web-1.0.zip") -> Maker:
    def make(directory: Path) -> Path:
        path = directory / name
        path.write_bytes(content)
        return path

    return make


def damaged(change: Callable[[bytes], bytes]) -> Maker:
    def make(directory: Path) -> Path:
        path = make_zip(directory / "web-1.0.zip", {"a": b"a" * 100, "b": b"b" * 100})
        path.write_bytes(change(path.read_bytes()))
        return path

    return make


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def bit(offset: int, value: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:offset] + bytes([value]) + content[offset + 1 :]


HOSTILE: dict[str, tuple[Maker, str]] = {
    "an error page": (raw(b"<html>not found</html>"), "is no zip file"),
    "an empty file": (raw(b""), "is no zip file"),
    "a wheel that is cut off": (raw(b"PK\x03\x04junk", "web-1.0-py3-none-any.whl"), "no whole zip file"),
    "an error page named .tar.gz": (raw(b"<html>", "web-1.0.tar.gz"), "is no gzip file"),
    "a zip that is cut off": (damaged(lambda content: content[: len(content) // 2]), "no whole zip file"),
    "something before the zip": (damaged(lambda content: b"PK\x03\x04junk" + content), "before its first member"),
    "a wrong checksum": (damaged(bit(33, 0xFF)), "no whole zip file"),
    "another name in the member's own header": (damaged(bit(30, ord("z"))), "another name in its own header"),
    "a parent path": (zip_of(("../evil", b"x")), "leads out of the archive"),
    "a parent path inside": (zip_of(("a/../../evil", b"x")), "leads out of the archive"),
    "an absolute path": (zip_of(("/etc/passwd", b"x")), "is absolute"),
    "a drive": (zip_of(("C:evil", b"x")), "is absolute, or of another system"),
    "a backslash": (zip_of(("a\\b", b"x")), "is absolute, or of another system"),
    "a control character": (zip_of(("a\nb", b"x")), "has control characters"),
    "a duplicate": (tar_of(entry("a"), entry("a")), "are one name, or too much alike"),
    "names that differ in case": (zip_of(("README", b"1"), ("readme", b"2")), "are one name, or too much alike"),
    "names that differ in Unicode form": (
        zip_of(("caf\u00e9", b"1"), ("cafe\u0301", b"2")),
        "are one name, or too much alike",
    ),
    "directories that differ in case": (
        zip_of(("Lib/", b""), ("lib/a", b"1")),
        "are one name, or too much alike",
    ),
    "a file below a file": (zip_of(("a", b"1"), ("a/b", b"2")), "lies below 'a', which is a file"),
    "a symbolic link in a zip": (zip_of((unix("a", stat.S_IFLNK | 0o777), b"/etc")), "is a device, pipe or socket"),
    "a zip bomb": (zip_of(("zeros", bytes(900_000))), "a bomb"),
    "too much": (
        zip_of(*[(str(n), random.Random(n).randbytes(70_000)) for n in range(20)]),
        "unpacks to more than 1 MiB",
    ),
    "too many members": (zip_of(*[(str(n), b"") for n in range(60)]), "more than 50 members"),
    "too deep": (zip_of(("/".join("abcdefghij"), b"")), "directories deep"),
    "a name too long": (tar_of(entry("a" * 300)), "longer than a file system takes"),
    "an absolute path in a tar": (tar_of(entry("/etc/passwd")), "is absolute"),
    "a parent path in a tar": (tar_of(entry("../evil")), "leads out of the archive"),
    "a link out of the tree": (tar_of(entry("a", tarfile.SYMTYPE, "../../etc")), "points out of the archive"),
    "an absolute link": (tar_of(entry("a", tarfile.SYMTYPE, "/etc")), "points out of the archive"),
    "a write through a link": (
        tar_of(entry("d", tarfile.DIRTYPE), entry("a", tarfile.SYMTYPE, "d"), entry("a/b", size=1)),
        "lies below 'a', which is a symbolic link",
    ),
    "a hard link out of the tree": (tar_of(entry("a", tarfile.LNKTYPE, "../b")), "leads out of the archive"),
    "a hard link to nothing": (tar_of(entry("a", tarfile.LNKTYPE, "b")), "no file before it"),
    "a hard link to a link": (
        tar_of(entry("b", tarfile.SYMTYPE, "c"), entry("a", tarfile.LNKTYPE, "b")),
        "no file before it",
    ),
    "a device": (tar_of(entry("a", tarfile.CHRTYPE)), "is a device, pipe or socket"),
    "a pipe": (tar_of(entry("a", tarfile.FIFOTYPE)), "is a device, pipe or socket"),
    "a tar that is cut off": (raw(b"\x1f\x8b\x08\x00junk", "web-1.0.tar.gz"), "no whole"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_is_left_behind(case: str, tmp_path: Path) -> None:
    make, reason = HOSTILE[case]
    file = make(tmp_path)
    there = sorted(tmp_path.rglob("*"))
    with pytest.raises(SourceError) as caught:
        open_payload(make_artifact(file), file, tmp_path / "payload", SMALL)
    assert reason in caught.value.message
    assert caught.value.where == file.name
    assert str(caught.value.hint).startswith("look at what ")
    assert sorted(tmp_path.rglob("*")) == there


def test_a_member_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "web-1.0.zip", {"a": bytes(range(256)) * 40})
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(magic) + offset
        content[start : start + 4] = struct.pack("<L", 16)
    path.write_bytes(content)
    with pytest.raises(SourceError):
        open_payload(make_artifact(path), path, tmp_path / "payload")
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_zip_becomes_its_files(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "web-1.0.zip", {"a": b"1", "d/b": b"2", "e/": b""})
    payload = open_payload(make_artifact(path), path, tmp_path / "payload")
    assert (payload.root / "a").read_bytes() == b"1"
    assert (payload.root / "d/b").read_bytes() == b"2"
    assert (payload.root / "e").is_dir()
    assert stat.S_IMODE((payload.root / "a").stat().st_mode) == 0o644


def test_a_tar_keeps_links_that_stay_inside_and_executable_bits(tmp_path: Path) -> None:
    run, link, hard = entry("bin/run", size=1), entry("run", tarfile.SYMTYPE, "bin/run"), entry("too", tarfile.LNKTYPE)
    run.mode, hard.linkname = 0o6777, "bin/run"
    path = tar_of(run, link, hard)(tmp_path)
    root = open_payload(make_artifact(path), path, tmp_path / "payload").root
    assert stat.S_IMODE((root / "bin/run").stat().st_mode) == 0o755
    assert (root / "run").readlink() == Path("bin/run")
    assert (root / "too").read_bytes() == b"x"


def test_what_is_no_archive_is_the_payloads_only_file(tmp_path: Path) -> None:
    path = tmp_path / "web_1.0_amd64.deb"
    path.write_bytes(b"!<arch>\nand so on")
    root = open_payload(make_artifact(path), path, tmp_path / "payload").root
    assert [each.name for each in root.iterdir()] == [path.name]


def test_a_wheel_that_was_uploaded_as_it_is_is_the_payloads_only_file(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    root = open_payload(make_artifact(path), path, tmp_path / "payload").root
    assert [(each.name, each.read_bytes()) for each in root.iterdir()] == [(path.name, path.read_bytes())]


def test_a_zip_that_holds_a_wheel_and_has_its_name_becomes_its_files(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    content = wheel.read_bytes()
    path = make_zip(wheel, {wheel.name: content, "requirements.txt": b""})
    root = open_payload(make_artifact(path), path, tmp_path / "payload").root
    assert sorted(each.name for each in root.iterdir()) == ["requirements.txt", wheel.name]
    assert (root / wheel.name).read_bytes() == content


def test_files_of_a_package_may_link_to_the_servers_root_but_nothing_is_written_through(tmp_path: Path) -> None:
    path = tmp_path / "data.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry("./bin/python", tarfile.SYMTYPE, "/usr/bin/python3"))
    with path.open("rb") as stream:
        unpack_tar(stream, tmp_path / "tree", where="x.deb", links=Links.ANY)
    assert (tmp_path / "tree/bin/python").readlink() == Path("/usr/bin/python3")
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry("./etc", tarfile.SYMTYPE, "/etc"))
        tar.addfile(entry("./etc/evil", size=1), io.BytesIO(b"x"))
    with path.open("rb") as stream, pytest.raises(SourceError, match="lies below 'etc'"):
        unpack_tar(stream, tmp_path / "other", where="x.deb", links=Links.ANY)
    assert not (tmp_path / "other").exists()


NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.txt", fullmatch=True)


@settings(max_examples=60)
@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=8))
def test_a_benign_tree_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]
) -> None:
    directory = tmp_path_factory.mktemp("round")
    for number, make in enumerate((make_zip, make_tar)):
        path = make(directory / ("a.zip" if make is make_zip else "a.tar.gz"), tree)
        root = open_payload(make_artifact(path), path, directory / f"payload{number}").root
        found = {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}
        assert found == tree


@settings(max_examples=150)
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\xfd7zXZ\x00"]))
def test_bytes_of_any_kind_are_unpacked_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, magic: bytes
) -> None:
    directory = tmp_path_factory.mktemp("any")
    path = directory / "thing"
    path.write_bytes(magic + content)
    try:
        open_payload(make_artifact(path), path, directory / "payload")
    except SourceError:
        assert [each.name for each in directory.iterdir()] == ["thing"]
