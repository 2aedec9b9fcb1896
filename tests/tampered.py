"""A small archive of RPMs, and six ways to tamper with it, each with what dnf says to it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.ours import Ours
from tests.rpms import make_rpm

DEFINITION = """\
targets = ["el9/x86_64"]

[archive]
name = "small"
origin = "Small"
label = "Small archive"
description = "An archive to be looked at"
uri = "{uri}"
maintainer = "Somebody <somebody@example.org>"
architectures = ["amd64"]

[signing]
public_key = "archive.asc"
"""


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def publish(archive: Ours, *words: str) -> str:
    """Publish packages: ``demo-a_1.0``."""
    files = [make_rpm(archive.directory / "rpms", *word.split("_")) for word in words]
    return succeed(archive.katpkg("publish", *files))


def describe(archive: Ours, uri: str) -> None:
    """Write its definition; ``uri`` is where clients find it."""
    (archive.directory / "katpkg.toml").write_text(DEFINITION.format(uri=uri))


def move(archive: Ours, before: str, after: str) -> None:
    """Have clients find at ``after`` what was copied from ``before``."""
    describe(archive, after)
    _replace(archive.public / "rpm/el9/mirrorlist", before.encode(), after.encode())


def _uri(archive: Ours) -> str:
    return (archive.public / "rpm/el9/mirrorlist").read_text().partition("/rpm/")[0]


def _replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def _only(archive: Ours, pattern: str) -> Path:
    """The file of the published generation."""
    name = (archive.public / "rpm/el9/mirrorlist").read_text().strip().rstrip("/").rpartition("/")[2]
    (found,) = (archive.public / "rpm/el9/generations" / name).glob(pattern)
    return found


def tamper(archive: Ours, case: str) -> None:
    package = archive.public / "pool/el9/main/d/demo-a/demo-a-1.0-1.el9.noarch.rpm"
    match case:
        case "a package with other contents":
            package.write_bytes(make_rpm(archive.directory / "evil", "demo-a", content="evil").read_bytes())
        case "a package whose last bytes differ":
            package.write_bytes(package.read_bytes()[:-8] + bytes(8))
        case "repomd.xml that says something else":
            _replace(_only(archive, "repodata/repomd.xml"), b"<revision>1", b"<revision>2")
        case "no signature of repomd.xml":
            _only(archive, "repodata/repomd.xml.asc").unlink()
        case "metadata that is not the one that is named":
            path = _only(archive, "repodata/*-primary.xml.gz")
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        case _:  # everything signed by somebody else
            elsewhere = archive.directory / "elsewhere"
            elsewhere.mkdir()
            other = Ours(directory=elsewhere)
            describe(other, _uri(archive))
            succeed(other.katpkg("key", "new", "--user-id", "evil <evil@example.org>", "--secret", "secret.asc"))
            publish(other, "demo-a_1.0")
            shutil.rmtree(archive.public)
            other.public.rename(archive.public)


DIGEST, SIGNATURE = "checksum doesn't match", "repomd.xml GPG signature verification error: Bad GPG signature"
TAMPERED = {
    "a package with other contents": DIGEST,
    "a package whose last bytes differ": DIGEST,
    "repomd.xml that says something else": SIGNATURE,
    "no signature of repomd.xml": "GPG signature is not available",
    "metadata that is not the one that is named": DIGEST,
    "everything signed by somebody else": SIGNATURE,
}
