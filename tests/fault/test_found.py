"""What campaigns have found, each as a rule of its own."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.report import Quiet
from katpkg.repository.publication import Create, Phase, Publication
from katpkg.store.apply import TRIES, apply
from katpkg.store.local import LocalStore
from tests.fakes import MemoryStore
from tests.fault.ground import left_in_scratch


class Contradicting(MemoryStore):
    """Says that everything is taken, and that nothing is there."""

    def create(self, key: str, content: bytes | Path, digest: Digest) -> bool:  # noqa: ARG002
        self.log.append(key)
        return False


def test_a_store_that_contradicts_itself_is_given_up() -> None:
    store = Contradicting()
    create = Create(phase=Phase.POOL, key="pool/a.deb", content=b"a", digest=Digest.of(b"a"))
    with pytest.raises(StoreError, match="says that there is such a file, and that there is none") as caught:
        apply(Publication(title="test", actions=[create]), store, lambda: datetime.now(UTC), Quiet())
    assert caught.value.where == "memory:pool/a.deb"
    assert caught.value.hint == "publish again; if that does not help, ask who runs the store"
    assert store.log == ["pool/a.deb"] * TRIES
    assert store.objects == {}


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
