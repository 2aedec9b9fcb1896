"""What a bucket promises beyond what every store does: headers, few requests, and errors that help."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.model.store import S3Options
from katpkg.store import parts
from katpkg.store.headers import content_type
from katpkg.store.local import LocalStore
from katpkg.store.open import open_store
from katpkg.store.promise import KEPT_UNDER
from katpkg.store.s3 import S3Store
from scripts.lab.proxy import FaultProxy
from scripts.lab.s3 import CREDENTIALS, S3Server
from tests.contract.conftest import PREFIX, QUICK, Connect


@pytest.fixture(params=["seaweedfs", "moto"])
def server(request: pytest.FixtureRequest, s3_servers: dict[str, S3Server]) -> S3Server:
    return s3_servers[request.param]


def head(server: S3Server, bucket: str, key: str) -> Any:
    return server.client().head_object(Bucket=bucket, Key=f"{PREFIX}/{key}")


def create(store: S3Store, key: str, content: bytes) -> bool:
    return store.create(key, content, Digest.of(content))


def test_clients_keep_what_never_changes_and_ask_for_what_does(server: S3Server, connect: Connect) -> None:
    bucket = server.new_bucket()
    store = connect(server.endpoint, bucket)
    create(store, "pool/kat_1_all.deb", b"1")
    store.put("dists/bookworm/Release.gpg", b"2")
    store.replace("dists/bookworm/InRelease", b"3", None)
    store.renew("pool/kat_1_all.deb")
    package = head(server, bucket, "pool/kat_1_all.deb")
    assert package["CacheControl"] == "public, max-age=31536000, immutable"
    assert package["ContentType"] == "application/vnd.debian.binary-package"
    for key in ("Release.gpg", "InRelease"):
        assert head(server, bucket, f"dists/bookworm/{key}")["CacheControl"] == "no-cache"
    assert head(server, bucket, "dists/bookworm/InRelease")["ContentType"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kat_1.0~rc1-1~deb12u1_all.deb", "application/vnd.debian.binary-package"),
        ("Packages.gz", "application/gzip"),
        ("Packages.xz", "application/x-xz"),
        ("Release", "text/plain; charset=utf-8"),
        ("Index", "text/plain; charset=utf-8"),
        ("Release.gpg", "application/pgp-signature"),
        ("0123456789abcdef", "application/octet-stream"),
    ],
)
def test_a_media_type_follows_from_the_name(name: str, expected: str) -> None:
    assert content_type(f"dists/bookworm.d/{name}") == expected


def test_archives_in_one_bucket_do_not_see_each_other(server: S3Server) -> None:
    bucket = server.new_bucket()
    options = S3Options(endpoint=server.endpoint, path_style=True)
    one, other, whole = (S3Store(bucket, prefix, options, patience=QUICK) for prefix in ("one", "/one-more/", ""))
    create(one, "a", b"1")
    create(other, "b", b"2")
    assert [found.key for found in one.list("")] == ["a"]
    assert [found.key for found in other.list("")] == ["b"]
    assert [found.key for found in whole.list("")] == ["one-more/b", "one/a"]
    assert other.read("a") is None
    assert one.where("a") == f"s3://{bucket}/one/a"


def test_clients_are_told_a_later_time_with_each_commit_however_quickly_they_come(
    s3_servers: dict[str, S3Server], connect: Connect
) -> None:
    """apt asks for what changed since the second that it was told, and would keep the first of two in one second."""
    server = s3_servers["seaweedfs"]
    bucket = server.new_bucket()
    times = []
    for number in range(3):
        store = connect(server.endpoint, bucket)  # each publisher is another
        found = store.read("InRelease")
        assert store.replace("InRelease", b"%d" % number, found[1] if found else None, datetime.now(UTC))
        times.append(head(server, bucket, "InRelease")["LastModified"])
    assert times == sorted({*times})


def test_the_store_itself_refuses_what_was_damaged_on_the_way(
    s3_servers: dict[str, S3Server], connect: Connect
) -> None:
    server = s3_servers["seaweedfs"]
    with FaultProxy(server.endpoint) as proxy:
        store = connect(proxy.endpoint, server.new_bucket())
        proxy.fail("corrupt-upload", method="PUT")
        assert create(store, "pool/a", b"whole")
        assert [request.status for request in proxy.requests] == [400, 200]
        assert store.read("pool/a") == (b"whole", store.token(b"whole"))


def test_each_call_is_one_request(s3_servers: dict[str, S3Server], connect: Connect) -> None:
    server = s3_servers["seaweedfs"]  # the other one forgets checksums
    with FaultProxy(server.endpoint) as proxy:
        store = connect(proxy.endpoint, server.new_bucket())
        create(store, "a", b"1")
        store.replace("b", b"1", None)
        store.replace("b", b"2", store.token(b"1"))
        store.put("b", b"3")
        store.read("a")
        store.look("a")
        store.digest("a")
        store.renew("a")
        store.delete("a")
        list(store.list(""))
        methods = [request.method for request in proxy.requests]
        assert methods == ["PUT", "PUT", "PUT", "PUT", "GET", "HEAD", "HEAD", "PUT", "DELETE", "GET"]


def test_several_are_read_at_once(server: S3Server, connect: Connect) -> None:
    with FaultProxy(server.endpoint, latency=0.2) as proxy:
        connect(proxy.endpoint, server.new_bucket()).read_all([f"{number}" for number in range(20)])
        assert proxy.peak > 10


BIG = parts.LIMIT + 5_000_001


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Digest]:
    """A file that goes in parts."""
    path = tmp_path_factory.mktemp("big") / "kat_1_amd64.deb"
    path.write_bytes(os.urandom(1 << 20) * (BIG >> 20) + b"rest")
    return path, Digest.of(path)


def uploads(server: S3Server, bucket: str) -> list[object]:
    return list(server.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []))


def test_a_big_file_goes_in_parts_and_is_created_once(
    server: S3Server, connect: Connect, big: tuple[Path, Digest]
) -> None:
    bucket = server.new_bucket()
    path, digest = big
    with FaultProxy(server.endpoint) as proxy:
        store = connect(proxy.endpoint, bucket)
        assert store.create("pool/big.deb", str(path), digest)
        assert proxy.count("PUT") == -(-digest.size // parts.PART)
        assert store.digest("pool/big.deb") == digest
        assert head(server, bucket, "pool/big.deb")["CacheControl"].endswith("immutable")
        before = len(proxy.requests)
        assert not store.create("pool/big.deb", str(path), digest)
        assert len(proxy.requests) == before + 1
    assert uploads(server, bucket) == []


def test_a_big_file_that_somebody_creates_meanwhile_is_not_overwritten(
    server: S3Server, connect: Connect, big: tuple[Path, Digest], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = server.new_bucket()
    store = connect(server.endpoint, bucket)
    create(store, "pool/big.deb", b"first")
    monkeypatch.setattr(store, "look", lambda _: None)
    path, digest = big
    assert not store.create("pool/big.deb", str(path), digest)
    assert store.read("pool/big.deb") == (b"first", store.token(b"first"))
    assert uploads(server, bucket) == []


@pytest.mark.parametrize("damage", ["longer", "shorter", "other"])
def test_a_big_file_that_changes_meanwhile_does_not_get_in(
    damage: str, server: S3Server, connect: Connect, big: tuple[Path, Digest], tmp_path: Path
) -> None:
    path, digest = big
    changed = tmp_path / "changed.deb"
    content = path.read_bytes()
    changed.write_bytes({"longer": content + b"x", "shorter": content[:-1], "other": content[:-1] + b"x"}[damage])
    bucket = server.new_bucket()
    store = connect(server.endpoint, bucket)
    with pytest.raises(StoreError, match=r"big\.deb changed after it was looked at"):
        store.create("pool/big.deb", str(changed), digest)
    assert store.look("pool/big.deb") is None
    assert uploads(server, bucket) == []


def test_a_probe_is_made_once_in_the_life_of_an_archive(server: S3Server, connect: Connect) -> None:
    bucket = server.new_bucket()
    with FaultProxy(server.endpoint) as proxy:
        connect(proxy.endpoint, bucket).probe()
        first = len(proxy.requests)
        connect(proxy.endpoint, bucket).probe()
        assert len(proxy.requests) == first + 1
    left = server.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in left] == [f"{PREFIX}/{KEPT_UNDER}"]


def test_a_probe_of_another_store_is_not_believed(server: S3Server, connect: Connect) -> None:
    bucket = server.new_bucket()
    connect(server.endpoint, bucket).probe()
    with FaultProxy(server.endpoint) as proxy:  # as if the objects had been copied to another store
        connect(proxy.endpoint, bucket).probe()
        assert proxy.count("PUT") > 3


def test_a_lone_publisher_needs_no_conditions(s3_servers: dict[str, S3Server], connect: Connect) -> None:
    server = s3_servers["moto"]
    with FaultProxy(server.endpoint) as proxy:
        proxy.fail("conditions-refused", times=None)
        store = connect(proxy.endpoint, server.new_bucket(), single_publisher=True)
        store.probe()
        assert create(store, "a", b"1")
        assert not create(store, "a", b"2")
        assert store.replace("b", b"1", None)
        assert not store.replace("b", b"2", None)
        assert not store.replace("b", b"2", store.token(b"0"))
        assert store.replace("b", b"2", store.token(b"1"))
        assert store.read("b") == (b"2", store.token(b"2"))


def test_a_missing_bucket_is_named(server: S3Server, connect: Connect) -> None:
    store = connect(server.endpoint, "kat-absent")
    with pytest.raises(StoreError) as caught:
        store.read("dists/bookworm/InRelease")
    assert caught.value.message == "there is no such bucket"
    assert caught.value.where == f"s3://kat-absent/{PREFIX}/dists/bookworm/InRelease"
    assert caught.value.hint == "create it, or correct its name"


def test_credentials_that_are_not_accepted_are_not_told_to_anybody(
    s3_servers: dict[str, S3Server], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = s3_servers["seaweedfs"]
    bucket = server.new_bucket()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    store = connect(server.endpoint, bucket)
    for act in (lambda: create(store, "a", b"1"), lambda: store.look("a")):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.message == "the store does not accept the credentials"
        assert caught.value.hint == "check the access key and its secret; temporary ones expire: get new ones"
        said = f"{caught.value} {caught.value.where} {caught.value.hint} {caught.value.details}"
        assert "a-wrong-secret" not in said
        assert CREDENTIALS["AWS_ACCESS_KEY_ID"] not in said
    assert "Contents" not in server.client().list_objects_v2(Bucket=bucket)


def test_without_credentials_the_way_to_give_them_is_told(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match="no usable credentials") as caught:
        connect("http://127.0.0.1:1", "bucket").read("a")
    assert caught.value.hint is not None
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_an_unknown_profile_is_told_at_once() -> None:
    with pytest.raises(StoreError, match="there is no such profile") as caught:
        S3Store("bucket", "", S3Options(profile="nobody"))
    assert caught.value.hint is not None
    assert "~/.aws" in caught.value.hint


@pytest.mark.parametrize("endpoint", ["no url", "http://"])
def test_an_endpoint_that_is_no_url_is_told_at_once(endpoint: str) -> None:
    with pytest.raises(StoreError) as caught:
        S3Store("bucket", "", S3Options(endpoint=endpoint))
    assert caught.value.hint is not None


def test_a_store_that_is_not_there_is_unreachable(connect: Connect) -> None:
    with pytest.raises(StoreError, match="the store cannot be reached") as caught:
        connect("http://127.0.0.1:1", "bucket").read("a")
    assert caught.value.hint == "check the endpoint and the network, then try again"


def test_a_role_is_assumed_when_it_is_needed(s3_servers: dict[str, S3Server]) -> None:
    server = s3_servers["moto"]
    bucket = server.new_bucket()
    with FaultProxy(server.endpoint) as proxy:
        role = "arn:aws:iam::123456789012:role/publisher"
        options = S3Options(endpoint=proxy.endpoint, region="us-east-1", path_style=True, role=role)
        store = S3Store(bucket, "", options, patience=QUICK)
        assert proxy.requests == []
        assert create(store, "a", b"1")
        assert create(store, "b", b"1")
        bodies = [request.body for request in proxy.requests]
        assert [b"AssumeRole" in body for body in bodies] == [True, False, False]
        assert "x-amz-security-token" in proxy.requests[1].headers


def test_a_directory_or_a_bucket_is_opened_by_its_name(tmp_path: Path) -> None:
    assert isinstance(open_store(tmp_path), LocalStore)
    assert isinstance(open_store(str(tmp_path / "s3:")), LocalStore)
    store = open_store("s3://kat-apt/some/where")
    assert isinstance(store, S3Store)
    assert store.where("a") == "s3://kat-apt/some/where/a"
    assert open_store("s3://kat-apt").where("a") == "s3://kat-apt/a"


@pytest.mark.parametrize("spec", ["gs://bucket", "s3://", "s3://UPPER", "http://example.org/"])
def test_what_is_no_store_is_refused(spec: str) -> None:
    with pytest.raises(StoreError, match="this is no place for an archive") as caught:
        open_store(spec)
    assert caught.value.hint == "name a directory, or s3://BUCKET/PREFIX"


def test_who_publishes_to_a_directory_does_not_wait_for_boto3() -> None:
    script = "import sys, katpkg.store.s3, katpkg.store.open as it; it.open_store('a'); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
