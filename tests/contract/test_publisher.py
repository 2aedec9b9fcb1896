"""What a publisher demands of its store and of its clock before it relies on either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from katpkg.errors import StoreError
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.release import Release
from katpkg.store.base import Store
from scripts.lab.proxy import FaultProxy
from scripts.lab.s3 import S3Server
from tests.builders import make_package, make_suite
from tests.contract.conftest import Connect
from tests.fakes import FakeSigner, MemoryStore
from tests.fault.watched import Watch

SUITE = make_suite()


class Elsewhere(MemoryStore):
    """A store whose clock is another."""

    difference = timedelta()

    def ahead(self) -> timedelta:
        return self.difference


def publisher(store: Store) -> Publisher:
    return Publisher(
        repository=AptRepository(SUITE),
        store=store,
        signer=FakeSigner(),
        clock=lambda: datetime.now(UTC),
        reporter=Quiet(),
    )


def publish(store: Store, directory: Path, name: str = "kat-web") -> None:
    publisher(store).publish(AptRepository(SUITE).adding([make_package(directory, name)]))


@pytest.mark.parametrize(("seconds", "how"), [(6, "6 s ahead of"), (-6, "6 s behind"), (3600, "3600 s ahead of")])
def test_a_clock_that_is_not_the_stores_is_refused_before_anything_is_written(
    seconds: int, how: str, tmp_path: Path
) -> None:
    store = Elsewhere()
    store.difference = timedelta(seconds=seconds)
    with pytest.raises(StoreError) as caught:
        publish(store, tmp_path)
    assert caught.value.message == f"this machine's clock is {how} the store's"
    assert "timedatectl set-ntp true" in str(caught.value.hint)
    assert store.objects == {}


@pytest.mark.parametrize("seconds", [1, -4])
def test_a_clock_that_is_a_little_off_is_good_enough(seconds: int, tmp_path: Path) -> None:
    store = Elsewhere()
    store.difference = timedelta(seconds=seconds)
    publish(store, tmp_path)
    assert "dists/bookworm/InRelease" in store.objects


def test_no_commit_is_made_before_its_date_has_come(tmp_path: Path) -> None:
    store, moments = MemoryStore(), []

    def before(_: int, what: str) -> None:
        if what == "replace dists/bookworm/InRelease":
            moments.append(datetime.now(UTC))

    for name in ("kat-a", "kat-b"):
        publish(Watch(before=before).over(store), tmp_path, name)
        release = Release.parse(FakeSigner().verify(store.objects["dists/bookworm/InRelease"], ""), "")
        assert moments[-1] >= release.date
    assert len(moments) == 2


@pytest.mark.parametrize("is_published", [False, True])
@pytest.mark.parametrize("how", ["conditions-ignored", "conditions-refused"])
def test_nothing_is_published_in_a_store_without_conditional_writes_by_who_does_not_vouch_to_be_alone(
    how: str, s3_servers: dict[str, S3Server], connect: Connect, tmp_path: Path, *, is_published: bool
) -> None:
    """Not by the first publisher, and not after one who did vouch."""
    server = s3_servers["moto"]
    bucket = server.new_bucket()
    with FaultProxy(server.endpoint) as proxy:
        proxy.fail(how, times=None)
        if is_published:
            publish(connect(proxy.endpoint, bucket, single_publisher=True), tmp_path)
        before = stored(server, bucket)
        with pytest.raises(StoreError, match="the store cannot do conditional writes") as caught:
            publish(connect(proxy.endpoint, bucket), tmp_path, "kat-other")
        assert "--single-publisher" in str(caught.value.hint)
        assert stored(server, bucket) == before
        publish(connect(proxy.endpoint, bucket, single_publisher=True), tmp_path, "kat-other")
        assert stored(server, bucket) != before


def test_an_archive_that_was_copied_to_another_store_is_not_trusted_to_be_on_a_good_one(
    s3_servers: dict[str, S3Server], connect: Connect, tmp_path: Path
) -> None:
    server = s3_servers["moto"]
    bucket = server.new_bucket()
    publish(connect(server.endpoint, bucket), tmp_path)
    before = stored(server, bucket)
    with FaultProxy(server.endpoint) as elsewhere:  # the same objects at another address
        elsewhere.fail("conditions-ignored", times=None)
        with pytest.raises(StoreError, match="the store cannot do conditional writes"):
            publish(connect(elsewhere.endpoint, bucket), tmp_path, "kat-other")
    assert stored(server, bucket) == before


def test_who_publishes_after_others_asks_nothing_about_conditions(
    s3_servers: dict[str, S3Server], connect: Connect, tmp_path: Path
) -> None:
    server = s3_servers["moto"]
    bucket = server.new_bucket()
    with FaultProxy(server.endpoint) as proxy:
        publish(connect(proxy.endpoint, bucket), tmp_path)
        first = len(proxy.requests)
        publish(connect(proxy.endpoint, bucket), tmp_path, "kat-other")
        assert not [each.path for each in proxy.requests[first:] if ".katpkg" in each.path]
        marked = server.client().head_object(Bucket=bucket, Key="an/archive/dists/bookworm/InRelease")["Metadata"]
        assert proxy.endpoint not in str(marked)  # it may be served to anybody


def stored(server: S3Server, bucket: str) -> dict[str, str]:
    """What is really there."""
    listed = server.client().list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"]: each["ETag"] for each in listed}
