"""Unpacking what we do not trust. ``extractall`` is never called: each file is made here, new, below a new directory.

The tree appears under its name when all of it is there and every rule was kept; on refusal nothing is left behind.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact, Payload
from katpkg.model.payload import PayloadKind, VenvPayload
from katpkg.sources.members import Limits, Links, Member, MemberKind, left_out, unsafe
from katpkg.sources.tars import Tar
from katpkg.sources.zips import Zip, is_wheel

CHUNK = 1 << 20

MAGIC = ((b"PK\x03\x04", Zip), (b"PK\x05\x06", Zip), (b"\x1f\x8b", Tar), (b"\xfd7zXZ\x00", Tar), (b"BZh", Tar))
TAR_MAGIC = slice(257, 262)
ORDINARY_LIMITS = Limits()

ENDINGS = {".zip": "zip file", ".tar": "tar archive", ".gz": "gzip file", ".xz": "xz file", ".tgz": "tar archive"}


def open_payload(
    artifact: Artifact, file: Path, into: Path, limits: Limits = ORDINARY_LIMITS, links: Links = Links.INSIDE
) -> Payload:
    """Unpack the verified ``file`` of ``artifact`` into ``into``, which must not exist yet.

    What it is, is told by its content; what is no archive to us (a .deb, a wheel, a single file) is the payload's only
    file. Raises SourceError.
    """
    kind = _kind_of(artifact, file)
    with _appearing(into, artifact.name) as root:
        if kind is None:
            _refuse_false_name(artifact)
            shutil.copyfile(file, root / Path(artifact.name).name)
        else:
            with kind.open(file, artifact.name) as archive:
                _unpack(archive, root, limits, links, artifact.name)
    return Payload(artifact=artifact, root=into)


def links_of(payload: PayloadKind) -> Links:
    """Which links an artifact may hold that is made of that."""
    return Links.ENVIRONMENT if isinstance(payload, VenvPayload) else Links.INSIDE


def unpack_tar(
    stream: BinaryIO, into: Path, limits: Limits = ORDINARY_LIMITS, *, where: str, links: Links = Links.ANY
) -> None:
    """Unpack a seekable tar ``stream`` into ``into``, which must not exist yet. Raises SourceError."""
    with _appearing(into, where) as root:
        archive = Tar(stream, where)
        _unpack(archive, root, limits, links, where)


@contextmanager
def opened(artifact: Artifact, file: Path, pattern: str) -> Iterator[IO[bytes]]:
    """The first file in ``artifact`` whose name matches ``pattern``, as it streams by; nothing is unpacked.

    What is no archive is its only file. Raises SourceError when there is none, or the archive is damaged.
    """
    kind = _kind_of(artifact, file)
    if kind is None:
        with file.open("rb") as whole:
            yield whole
        return
    with kind.open(file, artifact.name) as archive:
        for member, content in archive.contents():
            if content is not None and fnmatch.fnmatchcase(Path(member.name).name, pattern):
                yield content
                return
    raise SourceError(
        f"{artifact.name} holds no {pattern}",
        where=artifact.origin,
        hint=f"look at what the CI job uploaded, or set what is meant in modules/{artifact.module}.toml",
    )


def _kind_of(artifact: Artifact, file: Path) -> type[Zip] | type[Tar] | None:
    with file.open("rb") as opened:
        head = opened.read(512)
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return None if kind is Zip and artifact.name.endswith(".whl") and is_wheel(file) else kind
    return Tar if head[TAR_MAGIC] == b"ustar" else None


def _refuse_false_name(artifact: Artifact) -> None:
    promised = ENDINGS.get(Path(artifact.name).suffix)
    if promised:
        raise SourceError(
            f"{artifact.name} is no {promised}",
            where=artifact.origin,
            hint="look at what the CI job uploaded; an error page saved under that name begins with <",
        )


@contextmanager
def _appearing(into: Path, where: str) -> Iterator[Path]:
    """A new directory beside ``into`` that takes its name when all went well, and goes when it did not."""
    with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as directory:
        root = Path(directory) / "tree"
        root.mkdir(mode=0o755)
        try:
            yield root
        except OSError as error:
            said = f"it cannot be unpacked: {error.strerror or error}"
            raise SourceError(said, where=where, hint=f"see to {into.parent}: its room, and who may write") from error
        root.rename(into)


def _unpack(archive: Zip | Tar, root: Path, limits: Limits, links: Links, where: str) -> None:
    archive.judge(limits, links)
    left = limits.total
    symlinks = []
    for member, content in archive.contents():
        path = root / member.name
        match member.kind:
            case MemberKind.DIRECTORY:
                path.mkdir(parents=True, exist_ok=True)
            case MemberKind.SYMLINK if left_out(member, links):
                pass
            case MemberKind.SYMLINK:
                symlinks.append((path, member.target))
            case MemberKind.HARDLINK:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / member.target, path)
            case _:
                left -= _write(path, member, content, left, where)
    for path, target in symlinks:  # the last, so that nothing was ever written through one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _write(path: Path, member: Member, content: IO[bytes] | None, left: int, where: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    mode = 0o755 if member.executable else 0o644
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        while content is not None and (chunk := content.read(CHUNK)):
            written += len(chunk)
            if written > min(member.size, left):
                raise unsafe(f"{member.name!r} is larger than it says", where)
            file.write(chunk)
    if written != member.size:
        raise unsafe(f"{member.name!r} is cut off: {written} of {member.size} bytes", where)
    return written
