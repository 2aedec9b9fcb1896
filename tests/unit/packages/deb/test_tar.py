"""Reading tar headers: what tarfile and GNU tar write is read as they meant it, and what is not plain is refused."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.packages.deb.plain import LARGEST, Damaged, Plain
from katpkg.packages.deb.tar import Kind, TarMember, read_tar

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
TYPES = {
    Kind.FILE: tarfile.REGTYPE,
    Kind.DIRECTORY: tarfile.DIRTYPE,
    Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARD_LINK: tarfile.LNKTYPE,
    Kind.DEVICE: tarfile.FIFOTYPE,
}
LONG = "d" * 90 + "/" + "n" * 90
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=40)
NAMES = st.lists(WORDS, min_size=1, max_size=8).map("/".join)


def plain(content: bytes) -> Plain:
    return Plain(io.BytesIO(content).read, len(content), "")


def members(content: bytes) -> list[TarMember]:
    return list(read_tar(plain(content)))


def archive(*infos: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for info, content in infos:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def info(name: str, kind: Kind = Kind.FILE, mode: int = 0o644, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname = TYPES[kind], mode, target
    return made


def by_tarfile(content: bytes) -> Iterator[tuple[str, bytes, int, int, str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for each in tar:
            file = tar.extractfile(each) if each.isreg() else None
            kind = tarfile.REGTYPE if each.isreg() else each.type
            yield each.name, kind, each.mode, each.size, each.linkname, file.read() if file else b""


def by_us(content: bytes) -> Iterator[tuple[str, bytes, int, int, str, bytes]]:
    stream = plain(content)
    for each in read_tar(stream):
        name = each.name.rstrip("/") if each.kind is Kind.DIRECTORY else each.name
        yield name, TYPES[each.kind], each.mode, each.size, each.target, stream.read(each.size)


@st.composite
def written(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    kind = draw(st.sampled_from(list(TYPES)))
    content = draw(st.binary(max_size=1500)) if kind is Kind.FILE else b""
    target = draw(NAMES) if kind in (Kind.SYMLINK, Kind.HARD_LINK) else ""
    return info(draw(NAMES), kind, draw(st.integers(0, 0o7777)), target), content


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150)
@given(st.lists(written(), max_size=6))
def test_what_tarfile_writes_is_read_as_tarfile_reads_it(
    form: str, entries: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    try:
        content = archive(*entries, form=FORMATS[form])
    except ValueError:
        return  # ustar has no place for every long name
    assert list(by_us(content)) == list(by_tarfile(content))


@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_gnu_tar_writes_is_read_as_tarfile_reads_it(form: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "usr" / "lib" / "file").write_bytes(b"x" * 70_000)
    (root / "usr" / "hard").hardlink_to(root / "usr" / "lib" / "file")
    (root / "usr" / "soft").symlink_to("lib/file")
    (root / "usr" / "ünï").write_text("")
    if form not in ("v7", "ustar"):
        (root / ("d" * 120)).mkdir()
        (root / ("d" * 120) / ("n" * 120)).write_text("long")
        (root / "far").symlink_to("t" * 150)
    path = tmp_path / "x.tar"
    subprocess.run(["tar", f"--format={form}", "-C", root, "-cf", path, "."], check=True)
    read = list(by_us(path.read_bytes()))
    assert read == list(by_tarfile(path.read_bytes()))
    assert len(read) == (7 if form in ("v7", "ustar") else 10)


def test_a_member_that_nobody_reads_is_passed_over() -> None:
    content = archive((info("a"), b"1" * 1000), (info("b"), b"2"))
    stream = plain(content)
    found = read_tar(stream)
    assert next(found).name == "a"
    assert stream.read(3) == b"111"
    assert next(found).name == "b"
    assert stream.read(1) == b"2"
    assert list(found) == []


def test_a_size_that_octal_digits_cannot_say_is_read() -> None:
    """In binary, as GNU tar writes it; the content itself would be 9 GiB, so only the header is here."""
    header = tarfile.TarInfo("big")
    header.size = 9 << 30
    found = read_tar(plain(header.tobuf(tarfile.GNU_FORMAT)))
    assert next(found).size == 9 << 30
    found = read_tar(plain(header.tobuf(tarfile.PAX_FORMAT)))
    assert next(found).size == 9 << 30


def raw(name: str = "f", flag: bytes = b"0", size: bytes | None = None, content: bytes = b"", **put: bytes) -> bytes:
    """A member with a right checksum, whatever its fields are."""
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size if size is not None else b"%011o\0" % len(content)
    block[156:157] = flag
    for place, value in put.items():
        at = {"mode": 100, "magic": 257}[place]
        block[at : at + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content + b"\0" * (-len(content) % 512)


def pax(*records: bytes, flag: bytes = b"x") -> bytes:
    """A header of pax records, each ``KEY=VALUE``."""
    lines = [record + b"\n" for record in records]
    sized = [b"%d " % next(n for n in range(9999) if len(b"%d " % n + line) == n) + line for line in lines]
    return raw("@", flag, content=b"".join(sized))


END = bytes(1024)
GOOD = archive((info("a"), b"1"), (info("b"), b"2"))
TORN = bytearray(GOOD)
TORN[3] ^= 1

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "cut off"),
    "no end": (GOOD[:2048], "cut off"),
    "cut off in a header": (GOOD[:700], "cut off"),
    "cut off in content": (GOOD[: 1024 + 512 + 1], "cut off"),
    "something after the end": (GOOD + b"x" * 512, "comes after its end"),
    "a member after the end": (raw() + END + raw("evil") + END, "comes after its end"),
    "a wrong checksum": (bytes(TORN), "tar header at byte 0 has a wrong checksum"),
    "a checksum that is none": (raw().replace(b"\0 0", b"x\0 0") + END, "is no number"),
    "a size that is none": (raw(size=b"0000000000x\0") + END, "is no number"),
    "a size with an 8": (raw(size=b"00000000008\0") + END, "is no number"),
    "a size with a sign": (raw(size=b"-0000000001\0") + END, "is no number"),
    "a size with rubbish behind": (raw(size=b"000001\0zzzz\0") + END, "is no number"),
    "a negative size in binary": (raw(size=b"\xff" * 12) + END, "is no number"),
    "a size beyond all reason": (raw(size=b"\x80" + b"\x7f" * 11) + END, "is larger than any package"),
    "another kind of tar": (raw(magic=b"xstar\0") + END, "is of no known kind"),
    "a contiguous file": (raw(flag=b"7") + END, "has no place in a package"),
    "a sparse file": (raw(flag=b"S") + END, "has no place in a package"),
    "a kind that nobody knows": (raw(flag=b"Z") + END, "has no place in a package"),
    "a directory with content": (raw(flag=b"5", content=b"x") + END, "is a directory with content"),
    "a hard link with content": (raw(flag=b"1", content=b"x") + END, "is a hard link with content"),
    "a file that is named as a directory": (raw("d/") + END, "a file with the name of a directory"),
    "a long name for nothing": (raw("@", b"L", content=b"long\0") + END, "a member that does not come"),
    "two long names": (raw("@", b"L", content=b"a\0") + raw("@", b"L", content=b"b\0") + raw() + END, "path twice"),
    "a long name of two kinds": (
        raw("@", b"L", content=b"a\0") + pax(b"path=b") + raw() + END,
        "path twice",
    ),
    "a name of 2 MiB": (raw("@", b"L", content=b"a" * (2 << 20)) + raw() + END, "longer than a file system"),
    "a pax path for all": (pax(b"path=b", flag=b"g") + raw() + END, "path of all members at once"),
    "a pax record without a length": (raw("@", b"x", content=b"path=b\n") + raw() + END, "has no length"),
    "a pax record of length 0": (raw("@", b"x", content=b"0 path=b\n") + raw() + END, "does not end where it says"),
    "a pax record that is too long": (raw("@", b"x", content=b"99 path=b\n") + raw() + END, "does not end where"),
    "a pax record that is too short": (raw("@", b"x", content=b"8 path=b\n") + raw() + END, "does not end where"),
    "a pax record twice": (pax(b"path=b", b"path=c") + raw() + END, "not twice"),
    "a NUL in a pax path": (pax(b"path=b\0") + raw() + END, "has no such value"),
    "a pax size that is none": (pax(b"size=-1") + raw() + END, "has no such value"),
    "a pax size beyond all reason": (pax(b"size=" + b"9" * 5000) + raw() + END, "has no such value"),
    "a sparse file of pax": (pax(b"GNU.sparse.major=1") + raw() + END, "GNU.sparse.major"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_plainly_one_archive_is_refused(case: str) -> None:
    content, reason = REFUSED[case]
    with pytest.raises(Damaged) as caught:
        members(content)
    assert reason in str(caught.value)


def test_the_end_may_be_padded_and_a_comment_for_all_says_nothing() -> None:
    comment = pax(b"comment=of git archive", flag=b"g")
    assert [each.name for each in members(comment + GOOD + bytes(10240))] == ["a", "b"]


def test_before_ustar_a_slash_at_the_end_made_a_directory() -> None:
    assert members(raw("d/", b"\0", magic=bytes(8)) + END) == [TarMember("d/", Kind.DIRECTORY, 0o644, 0, "", b"\0")]


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_archive_is_refused_or_read_but_never_a_bug(data: st.DataObject) -> None:
    content = bytearray(
        archive((info(LONG), b"1"), (info("b", Kind.SYMLINK, target=LONG), b""), form=tarfile.PAX_FORMAT)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with suppress(Damaged):
        assert all(0 <= each.size <= LARGEST for each in members(bytes(content)))
