"""Reading a .deb back: what dpkg, python-debian or apt-ftparchive would let pass is refused here."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.errors import BuildError
from katpkg.packages.deb.inspect import read_deb
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


def special(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, mode
    return info


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
    "nothing in it": (b"!<arch>\n", "it holds nothing"),
    "data before control": (ar(BINARY, DATA, control()), "not control.tar and data.tar"),
    "control first": (ar(control(), BINARY, DATA), "not debian-binary"),
    "another format version": (ar(("debian-binary", b"3.0\n"), control(), DATA), "another format version"),
    "two control members": (ar(BINARY, control(), control(), DATA), "not debian-binary, control.tar and data.tar"),
    "two data members": (ar(BINARY, control(), DATA, DATA), "not debian-binary, control.tar and data.tar"),
    "an unknown member": (ar(BINARY, control(), DATA, ("_gpgorigin", b"x")), "not debian-binary, control.tar"),
    "no data": (ar(BINARY, control()), "not debian-binary, control.tar and data.tar"),
    "an unknown compression": (ar(BINARY, control(), ("data.tar.lz4", b"x")), "not control.tar and data.tar"),
    "rubbish after the end": (ar(BINARY, control(), DATA) + b"rubbish", "that is no member of an ar archive"),
    "cut off in the data": (ar(BINARY, control(), DATA)[:-20], "data.tar.gz is cut off"),
    "a compressed stream that is cut off": (ar(BINARY, control(), ("data.tar.gz", DATA[1][:-9])), "it is damaged"),
    "a member's size that is none": (ar(BINARY).replace(b"4         `", b"x         `"), "no member of an ar archive"),
    "two control files": (
        ar(BINARY, ("control.tar.gz", tar(("./control", CONTROL.encode()), ("./control", b"evil"))), DATA),
        "it has 2 control files",
    ),
    "no control file": (ar(BINARY, ("control.tar.gz", tar(("./postinst", b""))), DATA), "it has 0 control files"),
    "a field twice": (with_control(CONTROL + "Version: 2.0\n"), "has version twice"),
    "a field twice in other letters": (with_control(CONTROL + "version: 2.0\n"), "has version twice"),
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
    "a setuid file": (with_data((special("./x", mode=0o4755), b"x")), "is setuid or setgid"),
}


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


def test_a_good_package_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "good.deb"
    path.write_bytes(with_data(("./usr/share/x", b"x"), (special("./usr/lib/", tarfile.DIRTYPE), b"")))
    package = read_deb(path)
    assert (package.name, package.version, package.architecture) == ("demo-thing", "1.0-1", "all")
    assert package.fields["Description"] == "a thing\n of some length"
    assert package.members() == ("/usr/lib/", "/usr/share/x")
    assert package.filename == "demo-thing_1.0-1_all.deb"
    assert package.inputs == ""


@pytest.mark.parametrize("compression", ["xz", "gzip", "zstd", "none"])
def test_every_compression_of_dpkg_is_read(compression: str, tmp_path: Path) -> None:
    path = make_deb(tmp_path, compression=compression)
    assert "/usr/share/demo-thing/file" in read_deb(path).members()


GOOD = with_control(CONTROL)


@settings(max_examples=200, deadline=None)
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
