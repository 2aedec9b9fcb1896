"""katpkg verify on an archive in a bucket, and the repair of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lab.s3 import ENVIRONMENT, S3Server, moto
from tests.ours import Ours, make_ours

pytestmark = pytest.mark.integration

PREFIX = "an/archive"
INDEX = f"{PREFIX}/dists/bookworm/main/binary-amd64/"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.mark.usefixtures("credentials")
def test_an_archive_in_a_bucket_is_verified_and_repaired_as_one_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "s3").mkdir()
    (tmp_path / "ours").mkdir()
    with moto(tmp_path / "s3") as server:
        bucket = server.new_bucket()
        archive = make_ours(tmp_path / "ours", in_bucket(bucket, server))
        assert archive.report()[1]["findings"] == []
        assert archive.report(f"s3://{bucket}/{PREFIX}")[1]["files"] == 2
        spoil(bucket, server)
        assert archive.rules() == {"by-hash-missing", "copy-wrong", "cached-too-long"}
        assert archive.rules("--repair") == {"cached-too-long"}  # InRelease is nobody's but the publisher's
        assert_absent(archive, bucket)


def in_bucket(bucket: str, server: S3Server) -> str:
    """What a definition says of its store."""
    options = f'{{ endpoint = "{server.endpoint}", region = "us-east-1", path_style = true }}'
    return f'\n[publish]\nbucket = "s3://{bucket}/{PREFIX}"\ns3 = {options}\n'


def spoil(bucket: str, server: S3Server) -> None:
    client = server.client()
    listed = client.list_objects_v2(Bucket=bucket, Prefix=INDEX)["Contents"]
    sizes = {entry["Key"]: (entry["Size"], entry["ETag"]) for entry in listed}
    newest = sizes[f"{INDEX}Packages.xz"]
    lost = next(key for key in sizes if "/by-hash/" in key and sizes[key] == newest)
    client.delete_object(Bucket=bucket, Key=lost)
    client.put_object(Bucket=bucket, Key=f"{INDEX}Packages.gz", Body=b"old")
    inrelease = f"{PREFIX}/dists/bookworm/InRelease"
    client.copy_object(
        Bucket=bucket,
        Key=inrelease,
        CopySource={"Bucket": bucket, "Key": inrelease},
        MetadataDirective="REPLACE",
        CacheControl="public, max-age=31536000, immutable",
    )


def assert_absent(archive: Ours, bucket: str) -> None:
    """A bucket that is not there is an error, and no report."""
    done = archive.katpkg("verify", f"s3://{bucket}-not-there/{PREFIX}")
    assert (done.returncode, done.stdout) == (8, "")
    assert "there is no such bucket" in done.stderr
