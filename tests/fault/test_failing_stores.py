"""What a publisher does when its store fails in a way that only a campaign comes upon."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Add
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.publication import Create, Phase, Publication, Token
from katpkg.store.apply import TRIES, apply
from katpkg.store.local import LocalStore
from tests.builders import make_package, make_suite
from tests.fakes import FakeSigner, MemoryStore
from tests.fault.ground import left_in_scratch


class Contradicting(MemoryStore):
    """Says that everything is taken, and that nothing is there."""

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:  # noqa: ARG002
        self.log.append(key)
        return False


def test_a_store_that_contradicts_itself_is_given_up() -> None:
    store = Contradicting()
    create = Create(phase=Phase.POOL, key="pool/a.deb", content=b"a", digest=Digest.of(b"a"))
    with pytest.raises(StoreError, match="says that there is such a file, and that there is none") as caught:
        apply(Publication(title="test", actions=[create]), store, lambda: datetime.now(UTC), Quiet())
    assert caught.value.where == "memory:pool/a.deb"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("publish again; if that does not help, see whether the file may be read")
    assert store.log == ["pool/a.deb"] * TRIES
    assert store.objects == {}


class Secretive(MemoryStore):
    """Has an InRelease that nobody may read."""

    def read(self, key: str) -> tuple[bytes, Token] | None:
        return None if key.endswith("/InRelease") else super().read(key)

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        return not key.endswith("/InRelease") and super().replace(key, content, token, moment)


def test_an_inrelease_that_may_not_be_read_is_not_taken_for_somebody_quicker(tmp_path: Path) -> None:
    store = Secretive()
    repository = AptRepository(make_suite())
    publisher = Publisher(
        repository=repository,
        store=store,
        signer=FakeSigner(),
        clock=lambda: datetime.now(UTC),
        reporter=Quiet(),
    )
    with pytest.raises(StoreError, match="says that there is such a file, and that there is none") as caught:
        publisher.publish(Add(packages=[repository.admit(make_package(tmp_path))]))
    assert caught.value.where == "memory:dists/bookworm/InRelease"
    assert caught.value.hint is not None
    assert "see whether the file may be read" in caught.value.hint
    assert not [key for key in store.log if key.endswith(("InRelease", "Release", "Packages.gz"))]


def test_a_disk_that_fails_when_all_is_done_is_no_error_any_more(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a", b"a")
    (descriptor,) = (each for each in Path("/proc/self/fd").iterdir() if f"{tmp_path}/.katpkg/writer-" in _target(each))
    os.close(int(descriptor.name))
    del store
    assert left_in_scratch(tmp_path) == []


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # the one that the directory was read with
        return ""
