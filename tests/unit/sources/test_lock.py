"""katpkg.lock: what is written is what is read, and it is whole or it is the one before."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from katpkg.errors import ConfigError
from katpkg.model.artifact import Artifact, Provenance
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, ModuleName, Sha256
from katpkg.model.source import RepositoryName
from katpkg.sources.lock import Lock, read_lock, write_lock
from tests.builders import AMD64, MOMENT
from tests.trees import tree

ARTIFACT = Artifact(
    module=ModuleName("web"),
    codename=Codename("bookworm"),
    architecture=AMD64,
    name="web-1.0.zip",
    version="1.0",
    digest=Digest(size=3, sha256=Sha256("a" * 64)),
    date=MOMENT,
    origin="web-1.0.zip",
    verified="sha256",
)
LOCK = Lock(artifacts=(ARTIFACT,))
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)

PROVENANCE = st.builds(
    Provenance,
    repository=st.just("owner/name").map(RepositoryName),
    commit=TEXT,
    ref=TEXT,
    id=st.integers(0, 1 << 40),
    workflow=TEXT,
    event=TEXT,
    run=st.integers(0, 1 << 40),
    attempt=st.integers(0, 9),
    expires=TEXT,
)
ARTIFACTS = st.builds(
    Artifact,
    module=st.from_regex(ModuleName.pattern, fullmatch=True).map(ModuleName),
    codename=st.sampled_from(["bookworm", "trixie"]).map(Codename),
    architecture=st.sampled_from(["amd64", "arm64"]).map(Architecture),
    name=TEXT,
    version=TEXT,
    digest=st.builds(Digest, size=st.integers(0, 1 << 40), sha256=st.just(Sha256("b" * 64))),
    date=st.integers(0, 1 << 32),
    origin=TEXT,
    verified=TEXT,
    provenance=st.none() | PROVENANCE,
)


@given(st.lists(ARTIFACTS, max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, artifacts: list[Artifact]) -> None:
    path = tmp_path_factory.mktemp("lock") / "katpkg.lock"
    write_lock(path, Lock(artifacts=tuple(artifacts)))
    found = read_lock(path)
    assert found is not None
    assert sorted(map(repr, found.artifacts)) == sorted(map(repr, artifacts))


def test_the_same_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "katpkg.lock"
    assert write_lock(path, LOCK)
    before = tree(tmp_path, times=True)
    assert not write_lock(path, LOCK)
    assert tree(tmp_path, times=True) == before
    assert list(tmp_path.iterdir()) == [path]


def test_it_reads_the_same_whatever_the_order_in_which_things_were_found(tmp_path: Path) -> None:
    other = Lock(artifacts=(ARTIFACT, *(make_other(name) for name in ("b", "a"))))
    write_lock(tmp_path / "one", other)
    write_lock(tmp_path / "two", Lock(artifacts=other.artifacts[::-1]))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_text().startswith("# Written by katpkg fetch; commit it.")


def make_other(name: str) -> Artifact:
    return Artifact(
        module=ModuleName(name),
        codename=ARTIFACT.codename,
        architecture=AMD64,
        name=name,
        version="1",
        digest=ARTIFACT.digest,
        date=0,
        origin=name,
        verified="",
    )


def test_no_lock_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "katpkg.lock") is None


WHOLE = (
    'version = 1\n[[artifact]]\nmodule = "web"\ncodename = "bookworm"\narchitecture = "amd64"\nname = "w"\n'
    f'version = "1"\nsize = 3\nsha256 = "{"a" * 64}"\ndate = 1\norigin = "w"\nverified = "v"\n'
)


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("version = 1\n[[artifact", "Expected"),
        ("", "'version' is missing"),
        ("version = 3\n", "its version is 3, and this katpkg reads 2 and older"),
        (WHOLE.replace('origin = "w"\n', ""), "'origin' is missing"),
        (WHOLE.replace("a" * 64, "a" * 63), "is no sha256"),
        (WHOLE.replace("size = 3", 'size = "many"'), "invalid literal"),
        (WHOLE.replace('"web"', '"../web"'), "is no module name"),
        ("version = 1\nartifact = 3\n", "not iterable"),
    ],
)
def test_a_lock_that_cannot_be_understood_is_refused_and_left_as_it_is(text: str, details: str, tmp_path: Path) -> None:
    path = tmp_path / "katpkg.lock"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_lock(path)
    assert caught.value.message == "the lock cannot be read"
    assert caught.value.where == str(path)
    assert caught.value.hint == f"rm {path}; katpkg fetch"
    assert details in str(caught.value.details)
    assert path.read_text() == text


def test_a_lock_of_the_version_before_is_read_and_written_anew_in_this_one(tmp_path: Path) -> None:
    path = tmp_path / "katpkg.lock"
    path.write_text(WHOLE)
    lock = read_lock(path)
    assert lock is not None
    assert [(each.name, each.provenance) for each in lock.artifacts] == [("w", None)]
    assert write_lock(path, lock)
    assert "version = 2\n" in path.read_text()
    assert read_lock(path) == lock


def test_what_is_no_file_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the lock cannot be read"):
        read_lock(tmp_path)


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        write_lock(tmp_path / "file" / "katpkg.lock", LOCK)
    assert caught.value.message.startswith("the lock cannot be written: ")
    assert "the lock is as it was before" in str(caught.value.hint)


def test_each_target_has_an_entry_of_its_own() -> None:
    assert LOCK.find(ModuleName("web"), Codename("bookworm"), AMD64) is ARTIFACT
    for codename, architecture in (("trixie", "amd64"), ("bookworm", "arm64")):
        with pytest.raises(ConfigError) as caught:
            LOCK.find(ModuleName("web"), Codename(codename), Architecture(architecture))
        assert caught.value.message == f"katpkg.lock has no artifact of web for {codename}/{architecture}"
        assert caught.value.hint == "katpkg fetch web"
