"""A repository of RPMs in a bucket of a real S3 server, which dnf reads as anybody may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.lab.s3 import ENVIRONMENT, S3Server, seaweedfs
from tests.integration.test_rpm_repository import available, verified
from tests.ours import Ours
from tests.rpms import Dnf
from tests.tampered import DEFINITION, publish, succeed

pytestmark = pytest.mark.integration

PREFIX = "an/archive"
READABLE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def in_bucket(directory: Path, server: S3Server) -> tuple[Ours, str]:
    """A definition whose store is a bucket that everybody may read, and the bucket's name."""
    bucket = server.new_bucket()
    policy = {"Version": "2012-10-17", "Statement": [{**READABLE, "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    directory.mkdir()
    archive = Ours(directory=directory)
    options = f'{{ endpoint = "{server.endpoint}", region = "us-east-1", path_style = true }}'
    definition = DEFINITION.format(uri=f"{server.endpoint}/{bucket}/{PREFIX}/")
    store = f'\n[publish]\nbucket = "s3://{bucket}/{PREFIX}"\ns3 = {options}\n'
    (directory / "katpkg.toml").write_text(definition + store)
    succeed(archive.katpkg("key", "new", "--user-id", "small <small@example.org>", "--secret", "secret.asc"))
    return archive, bucket


@pytest.mark.usefixtures("credentials")
def test_dnf_installs_upgrades_and_goes_back_from_a_bucket(tmp_path: Path) -> None:
    (tmp_path / "s3").mkdir()
    with seaweedfs(tmp_path / "s3") as server:
        archive, bucket = in_bucket(tmp_path / "archive", server)
        publish(archive, "demo-a_1.0")
        base = f"{server.endpoint}/{bucket}/{PREFIX}"
        options = {"mirrorlist": f"{base}/rpm/el9/mirrorlist", "gpgcheck": "1", "repo_gpgcheck": "1"}
        dnf = Dnf(tmp_path / "dnf", {**options, "gpgkey": f"file://{archive.directory}/archive.asc"})
        succeed(dnf("install", "demo-a"))
        assert publish(archive, "demo-a_1.0") == ""
        publish(archive, "demo-a_1.1")
        succeed(dnf("upgrade", "--refresh"))
        assert "demo-a-0:1.1-1.el9.noarch" in succeed(dnf("repoquery", "--installed"))
        assert verified(archive) == {"el9": set()}
        states = json.loads(succeed(archive.katpkg("--json", "history", "el9")))["generations"]
        succeed(archive.katpkg("rollback", "el9", states[1]["name"]))
        assert available(dnf) == ["demo-a-0:1.0-1.el9.noarch"]
        assert json.loads(succeed(archive.katpkg("--json", "prune", "--dry-run")))["freed"] == 0
        assert not archive.public.exists()
