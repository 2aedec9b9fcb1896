"""Every store there is, under one name: what holds for one must hold for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from katpkg.model.store import S3Options
from katpkg.store.base import Store
from katpkg.store.local import LocalStore
from katpkg.store.s3 import S3Store
from katpkg.store.wire import Patience
from scripts.lab.s3 import ENVIRONMENT, S3Server, s3_servers
from tests.fakes import MemoryStore

__all__ = ["s3_servers"]

QUICK = Patience(pause=0.01)
"""For stores on loopback, where pauses are no use to anybody."""

PREFIX = "an/archive"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of the lab, and nobody's configuration."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


Connect = Callable[..., S3Store]


@pytest.fixture
def connect() -> Connect:
    """A store in a bucket of a server, or of a proxy before it."""

    def connect(endpoint: str, bucket: str, patience: Patience = QUICK, *, single_publisher: bool = False) -> S3Store:
        options = S3Options(endpoint=endpoint, region="us-east-1", path_style=True)
        return S3Store(bucket, PREFIX, options, single_publisher=single_publisher, patience=patience)

    return connect


@pytest.fixture(params=["memory", "directory", "seaweedfs", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path, connect: Connect) -> Store:
    """An empty store."""
    match request.param:
        case "memory":
            return MemoryStore()
        case "directory":
            return LocalStore(tmp_path / "public")
        case name:
            server: S3Server = request.getfixturevalue("s3_servers")[name]
            return connect(server.endpoint, server.new_bucket())
