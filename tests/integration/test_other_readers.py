"""What other programs of Debian make of our archive: apt-file reads Contents, apt-ftparchive writes the same."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from debian.deb822 import Deb822

from tests.builders import make_deb
from tests.clients import Client
from tests.ours import Ours, make_ours

pytestmark = pytest.mark.integration

CONTENTS = "\n[publish]\ncontents = true\n"
TARGETS = Path("/etc/apt/apt.conf.d/50apt-file.conf")


@pytest.fixture
def archive(tmp_path: Path) -> Ours:
    """demo-a and demo-b, each with the file of make_deb."""
    (tmp_path / "archive").mkdir()
    return make_ours(tmp_path / "archive", CONTENTS)


def katpkg(archive: Ours, *words: str | Path) -> str:
    done = archive.katpkg(*words)
    assert done.returncode == 0, done.stderr
    return done.stderr


def publish(archive: Ours, name: str, *words: str, architecture: str = "amd64", version: str = "1.0-1~deb12u1") -> str:
    """Publish a package with a section, and two files that only it has."""
    directory = archive.directory / f"{name}-{version}"
    control = {"Package": name, "Version": version, "Architecture": architecture, "Section": "net"}
    files = {f"usr/bin/{name}": "x\n", f"usr/share/{name}/two words-{version}": "x\n"}
    return katpkg(archive, "publish", *words, make_deb(directory, control, files))


def contents(archive: Ours, architecture: str, component: str = "main") -> dict[str, set[str]]:
    path = archive.public / f"dists/bookworm/{component}/Contents-{architecture}.gz"
    return parse(gzip.decompress(path.read_bytes()).decode())


def parse(text: str) -> dict[str, set[str]]:
    rows = [line.rsplit(maxsplit=1) for line in text.splitlines()]
    return {path: set(owners.split(",")) for path, owners in rows}


@pytest.fixture
def client(archive: Ours, tmp_path: Path) -> Client:
    """This machine's apt, told by apt-file's own configuration to get Contents too."""
    client = Client(directory=tmp_path / "client")
    client.follow(f"file:{archive.public}", archive.directory / "archive.asc")
    shutil.copy2(TARGETS, client.directory / "etc/apt/apt.conf.d")
    return client


def found(client: Client, *words: str) -> list[str]:
    """What apt-file says after an update."""
    client.update()
    return client.run("apt-file", *words).splitlines()


def test_apt_file_finds_the_package_of_a_file_and_the_files_of_a_package(archive: Ours, client: Client) -> None:
    publish(archive, "demo-tool")
    publish(archive, "demo-more", architecture="all")
    assert found(client, "search", "/usr/bin/demo-") == [
        "demo-more: /usr/bin/demo-more",
        "demo-tool: /usr/bin/demo-tool",
    ]
    assert found(client, "search", "demo-thing/file") == [
        "demo-a: /usr/share/demo-thing/file",
        "demo-b: /usr/share/demo-thing/file",
    ]
    assert found(client, "list", "demo-tool") == [
        "demo-tool: /usr/bin/demo-tool",
        "demo-tool: /usr/share/demo-tool/two words-1.0-1~deb12u1",
    ]


def test_apt_file_forgets_what_was_removed_and_finds_it_again_after_a_rollback(archive: Ours, client: Client) -> None:
    publish(archive, "demo-tool")
    publish(archive, "demo-tool", version="1.1-1~deb12u1")
    katpkg(archive, "remove", "bookworm", "demo-tool=1.0-1~deb12u1")
    assert len(found(client, "list", "demo-tool")) == 3
    katpkg(archive, "remove", "bookworm", "demo-tool", "demo-a")
    assert found(client, "search", "/usr/") == ["demo-b: /usr/share/demo-thing/file"]
    newest = max(path.name for path in (archive.public / "dists/bookworm/generations").iterdir())
    katpkg(archive, "rollback", "bookworm", newest)
    assert len(found(client, "list", "demo-tool")) == 3


def test_contents_are_made_of_the_pool_when_they_are_asked_for_later(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    archive = make_ours(tmp_path / "archive")
    publish(archive, "demo-tool")
    assert not list(archive.public.rglob("Contents-*"))
    definition = archive.directory / "katpkg.toml"
    definition.write_text(definition.read_text() + CONTENTS)
    said = katpkg(archive, "refresh", "bookworm")
    assert "reading demo-tool 1.0-1~deb12u1 for Contents" in said
    assert set(contents(archive, "arm64")) == {"usr/share/demo-thing/file"}
    assert contents(archive, "amd64")["usr/bin/demo-tool"] == {"net/demo-tool"}
    assert "for Contents" not in publish(archive, "demo-more")
    assert archive.rules("--all-files") == set()


def test_a_package_that_is_missing_in_the_pool_stops_contents_and_nothing_is_published(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    archive = make_ours(tmp_path / "archive")
    definition = archive.directory / "katpkg.toml"
    definition.write_text(definition.read_text() + CONTENTS)
    (missing,) = archive.public.rglob("demo-a_*.deb")
    missing.unlink()
    before = {path: path.read_bytes() for path in archive.public.rglob("*") if path.is_file()}
    done = archive.katpkg("refresh", "bookworm")
    assert done.returncode == 7
    assert "error: what demo-a 1.0-1~deb12u1 holds cannot be read, and Contents would be without it" in done.stderr
    assert str(missing) in done.stderr
    assert {path: path.read_bytes() for path in archive.public.rglob("*") if path.is_file()} == before


def test_apt_ftparchive_says_the_same_of_the_same_files(archive: Ours) -> None:
    publish(archive, "demo-tool")
    publish(archive, "demo-arm", architecture="arm64")
    publish(archive, "demo-more", "--component", "contrib", architecture="all")
    for component in ("main", "contrib"):
        for architecture in ("amd64", "arm64"):
            theirs = ftparchive(archive, f"--arch={architecture}", "contents", f"pool/bookworm/{component}")
            assert without_sections(contents(archive, architecture, component)) == parse(theirs) != {}
            theirs = ftparchive(archive, f"--arch={architecture}", "packages", f"pool/bookworm/{component}")
            ours = archive.public / f"dists/bookworm/{component}/binary-{architecture}/Packages.gz"
            assert stanzas(gzip.decompress(ours.read_bytes()).decode()) == stanzas(theirs) != {}


def without_sections(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """As apt-ftparchive lists a directory."""
    return {path: {owner.rpartition("/")[2] for owner in owners} for path, owners in found.items()}


def stanzas(text: str) -> dict[str, dict[str, str]]:
    return {each["Package"]: dict(each) for each in Deb822.iter_paragraphs(text, use_apt_pkg=False)}


def ftparchive(archive: Ours, *words: str) -> str:
    quiet = [f"-oAPT::FTPArchive::{name}=false" for name in ("MD5", "SHA1", "SHA512")]
    command = ["apt-ftparchive", *quiet, *words]
    return subprocess.run(command, cwd=archive.public, check=True, capture_output=True, text=True).stdout


def test_apt_ftparchive_release_has_the_digests_that_we_signed(archive: Ours) -> None:
    publish(archive, "demo-more", "--component", "contrib")
    theirs = digests(ftparchive(archive, "release", "dists/bookworm"))
    ours = digests((archive.public / "dists/bookworm/Release").read_text())
    stored = {path: row for path, row in ours.items() if path.endswith((".gz", ".xz"))}
    assert len(stored) == 2 * 2 * 3
    assert stored.items() <= theirs.items()
    plain = {path for path in ours if path not in stored}
    assert {path.removesuffix(".gz") for path in stored if path.endswith(".gz")} == plain


def digests(release: str) -> dict[str, tuple[str, ...]]:
    rows = [line.split() for line in release.partition("\nSHA256:\n")[2].splitlines() if line.startswith(" ")]
    return {path: (sha256, size) for sha256, size, path in rows}
