"""Reading a built .deb back: what is known of a package is what its file says, and nothing of it is run or unpacked.

Stricter than dpkg-deb, python-debian and apt-ftparchive, which each accept some of what is refused here: members out of
order or twice, fields twice, a second stanza, control characters, a file that is cut off.
"""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from debian.deb822 import Deb822

from katpkg import process
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName
from katpkg.model.package import BinaryPackage
from katpkg.model.version import Version
from katpkg.packages.deb.ar import ArMember, Deb, invalid, read_ar

REQUIRED = ("Package", "Version", "Architecture", "Maintainer", "Description")
LARGEST_CONTROL = 1 << 20
DAMAGED = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, process.ToolFailed)
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
FIELD = re.compile(r"(?m)^([!-,.-9;-~][!-9;-~]*):")
ORDINARY = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)
SPECIAL_BITS = 0o6000


def read_deb(path: Path) -> BinaryPackage:
    """What the .deb at ``path`` is and holds; the whole file is read. Raises BuildError."""
    deb = read_ar(path)
    try:
        fields = _parse_control(_control(deb), path)
        members = tuple(sorted(_data(deb)))
    except DAMAGED as error:
        raise invalid(path, f"it is damaged: {error}") from error
    return BinaryPackage(path=path, digest=Digest.of(path), fields=fields, members=members)


def _control(deb: Deb) -> bytes:
    """The control file's bytes."""
    found = []
    with _tar(deb, deb.control) as tar:
        for info in tar:
            if info.name.removeprefix("./") == "control":
                content = tar.extractfile(info)
                if content is None or info.size > LARGEST_CONTROL:
                    raise invalid(deb.path, "its control file is no file, or too large")
                found.append(content.read())
    if len(found) != 1:
        raise invalid(deb.path, f"it has {len(found)} control files")
    return found[0]


def _parse_control(content: bytes, path: Path) -> Mapping[str, str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid(path, "its control file is no UTF-8") from error
    if FORBIDDEN.search(text):
        raise invalid(path, "its control file has control characters in it")
    if "\n\n" in text.strip("\n"):
        raise invalid(path, "its control file has a second stanza")
    names = [name.lower() for name in FIELD.findall(text)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(path, f"its control file has {', '.join(twice)} twice")
    fields = {str(name): str(value) for name, value in Deb822(text).items()}
    missing = [name for name in REQUIRED if not fields.get(name, "").strip()]
    if missing:
        raise invalid(path, f"its control file lacks {', '.join(missing)}")
    try:
        PackageName(fields["Package"]), Version(fields["Version"]), Architecture(fields["Architecture"])
    except ValueError as error:
        raise invalid(path, str(error)) from error
    return fields


def _data(deb: Deb) -> Iterator[str]:
    with _tar(deb, deb.data) as tar:
        for info in tar:
            vars(tar)["members"].clear()  # it would keep them all
            name = info.name.removeprefix("./").rstrip("/")
            if info.name.startswith("/") or ".." in name.split("/"):
                raise invalid(deb.path, f"{info.name!r} leads out of the package")
            if info.type not in ORDINARY:
                raise invalid(deb.path, f"{info.name!r} is a device or a pipe")
            if info.mode & SPECIAL_BITS and not info.isdir():
                raise invalid(deb.path, f"{info.name!r} is setuid or setgid")
            if name not in ("", "."):
                yield f"/{name}/" if info.isdir() else f"/{name}"


@contextmanager
def _tar(deb: Deb, member: ArMember) -> Iterator[tarfile.TarFile]:
    """``member`` as a tar archive; when it was read to its end, so was the compressed stream."""
    with _plain(deb, member) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        yield tar
        while stream.read(1 << 20):
            pass


@contextmanager
def _plain(deb: Deb, member: ArMember) -> Iterator[IO[bytes] | gzip.GzipFile]:
    with deb.open(member) as compressed:
        match Path(member.name).suffix:
            case ".xz":
                with lzma.open(compressed) as stream:
                    yield stream
            case ".gz":
                with gzip.open(compressed) as stream:
                    yield stream
            case ".zst":
                with _by_dpkg(deb, member) as stream:
                    yield stream
            case _:
                yield compressed


@contextmanager
def _by_dpkg(deb: Deb, member: ArMember) -> Iterator[IO[bytes]]:
    """Python 3.11 reads no zstd; dpkg-deb does."""
    which = "--ctrl-tarfile" if member is deb.control else "--fsys-tarfile"
    with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
        path = Path(directory) / "tar"
        process.run(["dpkg-deb", which, deb.path], into=path)
        with path.open("rb") as stream:
            yield stream
