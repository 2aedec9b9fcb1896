"""S3 servers on loopback for tests: SeaweedFS, a real one, and moto, a quick one. They end with their context."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from scripts.lab.machine import die_with_parent

PATIENCE = 120.0
"""Seconds that a server may take to come up."""

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "katpkg-lab", "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anybody"}
ENVIRONMENT = {**CREDENTIALS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
"""What a client of these servers needs to have in its environment."""

PORTS = (
    "admin.port",
    "admin.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "filer.port.public",
    "master.port",
    "master.port.grpc",
    "s3.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "volume.port.public",
)
LOWEST, HIGHEST, BLOCK = 12_000, 32_000, 16
"""Ports that the kernel gives to nobody by itself (ip_local_port_range), and how many a server gets."""
OFF = ("admin.ui", "master.telemetry", "webdav")
VOLUMES = 10_000
"""Each test has a bucket, and each bucket some of its own; told nothing, SeaweedFS has as many as fit on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A server that is up."""

    endpoint: str

    def client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        """boto3's own client, to look at the server with other eyes than katpkg's."""
        return _client(self.endpoint)

    def new_bucket(self) -> str:
        """The name of a new, empty bucket."""
        name = f"kat-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name


@cache
def _client(endpoint: str) -> Any:  # noqa: ANN401 - boto3 has no types
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@contextmanager
def seaweedfs(directory: Path) -> Iterator[S3Server]:
    """SeaweedFS with its files in ``directory``. Raises RuntimeError when it does not come up."""
    with _reserved() as reserved:
        yield from _seaweedfs(directory, reserved)


def _seaweedfs(directory: Path, reserved: Sequence[int]) -> Iterator[S3Server]:
    ports, port = dict(zip(PORTS, reserved, strict=False)), reserved[len(PORTS)]
    options = [f"-{name}={number}" for name, number in ports.items()]
    options += [f"-{name}=false" for name in OFF]
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.port={port}"]
    options += [f"-volume.max={VOLUMES}"]
    options += [f"-{name}.localSocket={directory}/{name}.sock" for name in ("filer", "s3")]
    weed = Path(sys.executable).parent / "weed"
    try:
        with _running([weed, "mini", f"-dir={directory}", *options], directory, port) as server:
            yield server
    finally:
        for number in reserved:  # it leaves some of its sockets where no option moves them
            for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):  # noqa: S108
                left.unlink(missing_ok=True)


@contextmanager
def moto(directory: Path) -> Iterator[S3Server]:
    """Moto, in a process of its own; its log goes to ``directory``. Raises RuntimeError when it does not come up."""
    with _reserved() as (port, *_):
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with _running(command, directory, port) as server:
            yield server


@pytest.fixture(scope="session")
def s3_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, S3Server]]:
    """Both, by name, for all tests of a session."""
    with ExitStack() as stack:
        yield {each.__name__: stack.enter_context(each(tmp_path_factory.mktemp("s3"))) for each in (seaweedfs, moto)}


@contextmanager
def _running(command: Sequence[str | Path], directory: Path, port: int) -> Iterator[S3Server]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "TMPDIR": str(directory), **ENVIRONMENT}
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    server = S3Server(endpoint=f"http://127.0.0.1:{port}")
    try:
        _wait_until_up(process, server, directory / "log")
        yield server
    finally:
        process.kill()
        process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], server: S3Server, log: Path) -> None:
    """Until it makes a bucket and holds an object: the port opens long before that."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(Exception):
            server.client().put_object(Bucket=server.new_bucket(), Key="up", Body=b"up")
            return
        time.sleep(0.1)
    raise RuntimeError(f"{server.endpoint} does not come up: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _reserved() -> Iterator[tuple[int, ...]]:
    """Ports of loopback that are free, and ours for as long as this is open.

    The kernel gives them to nobody by itself; a server that is about to listen where it was told would find them taken.
    """
    for first in range(LOWEST, HIGHEST, BLOCK):
        ports = tuple(range(first, first + BLOCK))
        with socket.socket(socket.AF_UNIX) as ours, contextlib.suppress(OSError):
            ours.bind(f"\0katpkg-ports-{first}")
            if all(map(_is_free, ports)):
                yield ports
                return
    raise RuntimeError("all ports of loopback are taken")


def _is_free(port: int) -> bool:
    with socket.socket() as asked, contextlib.suppress(OSError):
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        asked.bind(("127.0.0.1", port))
        return True
    return False
