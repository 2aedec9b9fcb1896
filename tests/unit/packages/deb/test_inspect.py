"""Reading a .deb back: what dpkg, python-debian or apt-ftparchive would let pass is refused here."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import tarfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.errors import BuildError
from katpkg.model.digests import Digest
from katpkg.packages.deb.inspect import read_deb, read_debs
from katpkg.report import Quiet
from tests.builders import make_deb

CONTROL = """Package: demo-thing
Version: 1.0-1
Architecture: all
Maintainer: Somebody <somebody@example.org>
Description: a thing
 of some length
"""


def ar(*members: tuple[str, bytes]) -> bytes:
    out = b"!<arch>\n"
    for name, content in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def tar(*members: tuple[tarfile.TarInfo | str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), mtime=0)


def special(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, target
    return info


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.SYMTYPE, target=target), b""


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.LNKTYPE, target=target), b""


def directory(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return special(name, tarfile.DIRTYPE, mode=0o755), b""


def of_zeros(size: int) -> bytes:
    """A tar archive of one file of zeros."""
    info = tarfile.TarInfo("./zeros")
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(-(-size // 512) * 512 + 1024)


BINARY = ("debian-binary", b"2.0\n")
DATA = ("data.tar.gz", tar(("./usr/share/x", b"x")))


def control(text: str | bytes = CONTROL) -> tuple[str, bytes]:
    return ("control.tar.gz", tar(("./control", text if isinstance(text, bytes) else text.encode())))


def with_control(text: str | bytes) -> bytes:
    return ar(BINARY, control(text), DATA)


def with_data(*members: tuple[tarfile.TarInfo | str, bytes]) -> bytes:
    return ar(BINARY, control(), ("data.tar.gz", tar(*members)))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no ar archive": (b"<html>", "does not begin as an ar archive"),
    "nothing in it": (b"!<arch>\n", "it ends where debian-binary belongs"),
    "data before control": (ar(BINARY, DATA, control()), "it holds data.tar.gz where control.tar belongs"),
    "control first": (ar(control(), BINARY, DATA), "it holds control.tar.gz where debian-binary belongs"),
    "another format version": (ar(("debian-binary", b"3.0\n"), control(), DATA), "another format version"),
    "two control members": (ar(BINARY, control(), control(), DATA), "it holds control.tar.gz where data.tar belongs"),
    "two data members": (ar(BINARY, control(), DATA, DATA), "it holds data.tar.gz at its end"),
    "an unknown member": (ar(BINARY, control(), DATA, ("_gpgorigin", b"x")), "it holds _gpgorigin at its end"),
    "no data": (ar(BINARY, control()), "it ends where data.tar belongs"),
    "an unknown compression": (
        ar(BINARY, control(), ("data.tar.lz4", b"x")),
        "it holds data.tar.lz4 where data.tar belongs",
    ),
    "rubbish after the end": (ar(BINARY, control(), DATA) + b"rubbish", "no member of an ar archive"),
    "cut off in the data": (ar(BINARY, control(), DATA)[:-20], "it is damaged: it is cut off"),
    "a compressed stream that is cut off": (ar(BINARY, control(), ("data.tar.gz", DATA[1][:-9])), "it is damaged"),
    "a member's size that is none": (ar(BINARY).replace(b"4         `", b"x         `"), "no member of an ar archive"),
    "two control files": (
        ar(BINARY, ("control.tar.gz", tar(("./control", CONTROL.encode()), ("./control", b"evil"))), DATA),
        "it has 2 control files",
    ),
    "no control file": (ar(BINARY, ("control.tar.gz", tar(("./postinst", b""))), DATA), "it has 0 control files"),
    "a field twice": (with_control(CONTROL + "Version: 2.0\n"), "has version twice"),
    "a field twice in other letters": (with_control(CONTROL + "version: 2.0\n"), "has version twice"),
    "a source elsewhere": (with_control(CONTROL + "Source: ../../x\n"), "'../../x' is no source name"),
    "a source that is none": (with_control(CONTROL + "Source: (1.0)\n"), "'(1.0)' is no source name"),
    "a second stanza": (with_control(CONTROL + "\nPackage: evil\n"), "has a second stanza"),
    "a NUL": (with_control(CONTROL.replace("thing\n", "th\0ing\n")), "control characters"),
    "a carriage return": (with_control(CONTROL.replace("thing\n", "thing\r\n")), "control characters"),
    "no UTF-8": (with_control(CONTROL.encode() + b"X-A: \xe9\n"), "is no UTF-8"),
    "no architecture": (with_control(CONTROL.replace("Architecture: all\n", "")), "lacks Architecture"),
    "an empty maintainer": (with_control(CONTROL.replace("Somebody <somebody@example.org>", "")), "lacks Maintainer"),
    "a name that leads elsewhere": (with_control(CONTROL.replace("demo-thing", "../evil")), "is no package name"),
    "a version that leads elsewhere": (with_control(CONTROL.replace("1.0-1", "1/../2")), "is no Debian version"),
    "a path that leads out": (with_data(("../evil", b"x")), "leads out of the package"),
    "an absolute path": (with_data(("/etc/passwd", b"x")), "leads out of the package"),
    "a device": (with_data((special("./dev", tarfile.CHRTYPE), b"")), "is a device or a pipe"),
    "a pipe": (with_data((special("./pipe", tarfile.FIFOTYPE), b"")), "is a device or a pipe"),
    "a setuid file": (with_data((special("./x", mode=0o4755), b"x")), "is setuid or setgid"),
    "a path twice": (with_data(("./x", b"1"), ("x", b"2")), "'x' is there twice"),
    "a path twice in other words": (with_data(("./a/x", b"1"), ("./a//./x", b"2")), "is there twice"),
    "a file that is a link too": (with_data(("./x", b"1"), symlink("./x", "/etc")), "'./x' is there twice"),
    "a file through a symlink": (
        with_data(symlink("./usr/share/x", "/etc"), ("./usr/share/x/passwd", b"evil")),
        "'/usr/share/x' is a symlink, and a directory too",
    ),
    "a file through a symlink that comes later": (
        with_data(("./usr/share/x/passwd", b"evil"), symlink("./usr/share/x", "/etc")),
        "'/usr/share/x' is a symlink, and a directory too",
    ),
    "a symlink that a directory replaces": (
        with_data(symlink("./x", "/etc"), directory("./x/")),
        "'/x' is a symlink, and a directory too",
    ),
    "a file below a file": (with_data(("./x", b"1"), ("./x/y/z", b"2")), "'/x' is a file, and a directory too"),
    "a symlink above the root": (with_data(symlink("./usr/x", "../../etc")), "which leads out of the package"),
    "a hard link out of the tree": (with_data(hard_link("./x", "../etc/passwd")), "leads out of the package"),
    "a hard link to the root's": (with_data(hard_link("./x", "/etc/passwd")), "leads out of the package"),
    "a hard link to what is not here": (
        with_data(hard_link("./x", "./etc/passwd")),
        "no file before it in the package",
    ),
    "a hard link to a symlink": (
        with_data(symlink("./y", "/etc/passwd"), hard_link("./x", "./y")),
        "no file before it in the package",
    ),
    "a newline in a name": (with_data(("./x\n/etc/passwd", b"")), "a newline in it"),
    "a control file that is a link": (
        ar(BINARY, ("control.tar.gz", tar(symlink("./control", "/etc/passwd"))), DATA),
        "its control file is no file",
    ),
    "two compressed streams": (ar(BINARY, control(), ("data.tar.gz", DATA[1] * 2)), "it goes on after its end"),
    "something after the stream": (ar(BINARY, control(), ("data.tar.gz", DATA[1] + b"x")), "it goes on after its end"),
    "an empty stream": (ar(BINARY, control(), ("data.tar.xz", b"")), "it is damaged: it is cut off"),
    "no xz": (ar(BINARY, control(), ("data.tar.xz", b"x" * 40)), "it is damaged: Input format not supported"),
    "no zstd": (ar(BINARY, control(), ("data.tar.zst", b"x" * 40)), "it is damaged: Unable to decompress"),
}


@pytest.mark.parametrize(
    ("line", "source"),
    [("", "demo-thing"), ("Source:\n", "demo-thing"), ("Source: MyApp\n", "MyApp"), ("Source: libx (2.0)\n", "libx")],
)
def test_a_package_is_of_the_source_that_it_names(line: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / "x.deb"
    path.write_bytes(with_control(CONTROL.replace("Version", f"{line}Version")))
    assert read_deb(path).source == source


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_whole_package_is_refused(case: str, tmp_path: Path) -> None:
    content, reason = HOSTILE[case]
    path = tmp_path / "evil.deb"
    path.write_bytes(content)
    with pytest.raises(BuildError) as caught:
        read_deb(path)
    assert caught.value.message.startswith("evil.deb is no valid package: ")
    assert reason in caught.value.message
    assert caught.value.where == str(path)
    assert caught.value.hint == f"get it again from where it came, and see dpkg-deb --info {path}"


def test_a_good_package_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "good.deb"
    path.write_bytes(with_data(("./usr/share/x", b"x"), (special("./usr/lib/", tarfile.DIRTYPE), b"")))
    package = read_deb(path)
    assert (package.name, package.version, package.architecture) == ("demo-thing", "1.0-1", "all")
    assert package.fields["Description"] == "a thing\n of some length"
    assert package.members() == ("/usr/lib/", "/usr/share/x")
    assert package.filename == "demo-thing_1.0-1_all.deb"
    assert package.inputs == ""


def test_links_that_stay_in_the_package_or_mean_the_server_are_good(tmp_path: Path) -> None:
    path = tmp_path / "good.deb"
    path.write_bytes(
        with_data(
            directory("./"),
            directory("./usr/"),
            directory("./usr/"),  # twice, as some tools write it
            ("./usr/x", b"x"),
            hard_link("./usr/y", "./usr/x"),
            hard_link("./usr/z", "usr/y"),
            symlink("./usr/a", "../etc/../etc/passwd"),
            symlink("./usr/b", "/etc/passwd"),
        )
    )
    assert read_deb(path).members() == ("/usr/", "/usr/a", "/usr/b", "/usr/x", "/usr/y", "/usr/z")


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    path = make_deb(tmp_path)
    assert read_deb(path).digest == Digest.of(path)
    assert read_deb(path, look_inside=False).digest == Digest.of(path)


@pytest.mark.parametrize("case", ["no data", "two data members", "an unknown member", "rubbish after the end"])
def test_the_shape_of_a_package_is_judged_without_a_look_inside(case: str, tmp_path: Path) -> None:
    content, reason = HOSTILE[case]
    path = tmp_path / "evil.deb"
    path.write_bytes(content)
    with pytest.raises(BuildError, match="is no valid package") as caught:
        read_deb(path, look_inside=False)
    assert reason in caught.value.message


@pytest.mark.parametrize("missing", [1, 20, 200])
def test_a_package_that_is_cut_off_is_noticed_without_a_look_inside(missing: int, tmp_path: Path) -> None:
    path = tmp_path / "evil.deb"
    path.write_bytes(ar(BINARY, control(), ("data.tar.gz", b"x" * 999))[:-missing])
    with pytest.raises(BuildError, match="it is cut off"):
        read_deb(path, look_inside=False)


def test_what_is_in_it_can_be_looked_at_later(tmp_path: Path) -> None:
    """An index needs no more than control file and digest; whoever asks for the paths gets them, or the refusal."""
    good, evil = tmp_path / "good.deb", tmp_path / "evil.deb"
    good.write_bytes(with_data(("./x", b"x")))
    evil.write_bytes(with_data(("../evil", b"x")))
    assert read_deb(good, look_inside=False).members() == ("/x",)
    package = read_deb(evil, look_inside=False)
    with pytest.raises(BuildError, match="leads out of the package"):
        package.members()


def test_many_are_read_in_their_order_and_the_first_bad_one_stops(tmp_path: Path) -> None:
    files = []
    for number in (3, 1, 2):
        files.append(tmp_path / f"{number}.deb")
        files[-1].write_bytes(with_control(CONTROL.replace("1.0-1", f"{number}.0-1")))
    paths = [str(file) for file in files]
    assert [each.version for each in read_debs(paths, Quiet())] == ["3.0-1", "1.0-1", "2.0-1"]
    files[1].write_bytes(b"<html>")
    reading = read_debs(paths, Quiet())
    assert next(reading).version == "3.0-1"
    with pytest.raises(BuildError, match=r"1\.deb is no valid package"):
        next(reading)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.deb"
    path.write_bytes(ar(BINARY, control(), ("data.tar.gz", gzip.compress(of_zeros(80 << 20)))))
    with pytest.raises(BuildError, match=r"MiB and more, \d+ times what it is"):
        read_deb(path)


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".zst"])
def test_memory_does_not_grow_with_the_file(suffix: str, tmp_path: Path) -> None:
    compress: dict[str, Callable[[bytes], bytes]] = {
        "": bytes,
        ".gz": partial(gzip.compress, compresslevel=1),
        ".xz": partial(lzma.compress, preset=0),
        ".zst": zstd.compress,
    }
    path = tmp_path / "big.deb"
    path.write_bytes(ar(BINARY, control(), (f"data.tar{suffix}", compress[suffix](of_zeros(32 << 20)))))
    read_deb(path)
    tracemalloc.start()
    try:
        assert read_deb(path).members() == ("/zeros",)
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("compression", ["xz", "gzip", "zstd", "none"])
def test_every_compression_of_dpkg_is_read(compression: str, tmp_path: Path) -> None:
    path = make_deb(tmp_path, compression=compression)
    assert "/usr/share/demo-thing/file" in read_deb(path).members()


GOOD = with_control(CONTROL)


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_package_is_refused_or_read_but_never_a_bug(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "x.deb"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    read: Callable[[Path], object] = read_deb
    with contextlib.suppress(BuildError):
        read(path)
