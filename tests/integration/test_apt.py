"""What this machine's own apt makes of a published directory, and what it refuses."""

from __future__ import annotations

import gzip
import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from debian.deb822 import Deb822

from tests.integration.conftest import Small

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("small")]

STATE = ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial")
CONFIG = """\
Dir "{root}";
Dir::State::status "{root}/status";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Check-Date "true";
Acquire::Check-Valid-Until "true";
Acquire::http::Proxy "DIRECT";
Acquire::Retries "0";
"""
SOURCES = """\
Types: deb
URIs: {uri}
Suites: bookworm
Components: main
Signed-By: {key}
"""


class Apt:
    """An apt that knows of one archive and of nothing else on this machine."""

    def __init__(self, root: Path, uri: str, key: Path) -> None:
        self.root = root
        for name in (*(f"etc/apt/{each}.d" for each in ("apt.conf", "preferences", "sources.list")), *STATE, "here"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "etc/apt/sources.list.d/kat.sources").write_text(SOURCES.format(uri=uri, key=key))
        (root / "apt.conf").write_text(CONFIG.format(root=root))

    def get(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call apt-get."""
        environment = {**os.environ, "APT_CONFIG": str(self.root / "apt.conf"), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            ["apt-get", *words], check=False, capture_output=True, text=True, env=environment, cwd=self.root / "here"
        )


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["file", "http"])
def apt(request: pytest.FixtureRequest, published_small: Small, tmp_path: Path) -> Iterator[Apt]:
    """An apt that reaches the archive as files, or from a web server."""
    key = published_small.root / "keys/archive.asc"
    if request.param == "file":
        yield Apt(tmp_path / "apt", f"file:{published_small.public}", key)
        return
    handler = partial(Handler, directory=str(published_small.public))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
        serving.start()
        try:
            yield Apt(tmp_path / "apt", f"http://127.0.0.1:{server.server_port}/", key)
        finally:
            server.shutdown()
            serving.join()


def spoil(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_apt_reads_the_archive_and_gets_what_was_built(apt: Apt, published_small: Small) -> None:
    updated = apt.get("update", "--error-on=any")
    assert updated.returncode == 0, updated.stderr
    assert "W:" not in updated.stderr
    done = apt.get("download", "kat-web", "kat-hello", "demo-greeting", "kat")
    assert done.returncode == 0, done.stderr
    got = {path.read_bytes() for path in (apt.root / "here").iterdir()}
    built = {path.read_bytes() for path in published_small.packages.glob("*.deb")}
    assert len(got) == 4
    assert got <= built


def test_apt_finds_every_relation_of_ours(apt: Apt) -> None:
    apt.get("update", "--error-on=any")
    environment = {**os.environ, "APT_CONFIG": str(apt.root / "apt.conf")}
    said = subprocess.run(["apt-cache", "depends", "kat"], check=True, capture_output=True, text=True, env=environment)
    found = {line.split(": ")[1] for line in said.stdout.splitlines() if "Depends:" in line or "Recommends:" in line}
    debians = {"<postgresql>", "<rabbitmq-server>"}  # in brackets: this archive does not have them
    assert found == {"demo-greeting", "kat-archive-keyring", "kat-hello", "kat-page", "kat-web", *debians}


@pytest.mark.parametrize("what", ["Packages", "InRelease"])
def test_apt_refuses_an_index_of_which_one_byte_was_changed(what: str, apt: Apt, published_small: Small) -> None:
    dists = published_small.public / "dists/bookworm"
    indexes = [*dists.rglob("Packages.*"), *dists.rglob("by-hash/*/*")]
    for path in indexes if what == "Packages" else [dists / "InRelease"]:
        spoil(path)
    done = apt.get("update", "--error-on=any")
    assert done.returncode != 0
    assert "E: " in done.stderr
    assert apt.get("download", "kat-web").returncode != 0
    assert list((apt.root / "here").iterdir()) == []


def test_apt_refuses_a_package_of_which_one_byte_was_changed(apt: Apt, published_small: Small) -> None:
    apt.get("update", "--error-on=any")
    (deb,) = published_small.public.rglob("kat-web_*.deb")
    spoil(deb)
    done = apt.get("download", "kat-web")
    assert done.returncode != 0
    assert "Hash Sum mismatch" in done.stderr
    assert not list((apt.root / "here").glob("*.deb"))
    assert apt.get("download", "kat-hello").returncode == 0


def test_our_index_says_what_apt_ftparchive_says_of_the_same_pool(small_published: Small) -> None:
    quiet = [f"-oAPT::FTPArchive::{name}=false" for name in ("MD5", "SHA1", "SHA512")]
    theirs = subprocess.run(
        ["apt-ftparchive", *quiet, "packages", "pool"], cwd=small_published.public, check=True, capture_output=True
    ).stdout
    index = small_published.public / "dists/bookworm/main/binary-amd64/Packages.gz"
    found = [
        {each["Package"]: dict(each) for each in Deb822.iter_paragraphs(text.decode(), use_apt_pkg=False)}
        for text in (theirs, gzip.decompress(index.read_bytes()))
    ]
    assert len(found[0]) == 6
    assert found[0] == found[1]
