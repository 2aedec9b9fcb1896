"""A bucket when things go wrong, in the ways that stores and networks do: no lost write, none twice, none unsaid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from katpkg.errors import StoreError
from katpkg.model.digests import Digest
from katpkg.store import parts
from katpkg.store.promise import KEPT_UNDER
from katpkg.store.s3 import S3Store
from scripts.lab.proxy import FaultProxy
from scripts.lab.s3 import S3Server
from tests.contract.conftest import PREFIX, QUICK, Connect

ONCE = ["500", "500-after", "503", "503-after", "409", "reset-before", "reset-after", "stall", "stall-after"]
"""What another try mends."""
IMPATIENT = replace(QUICK, answer=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A bucket, the proxy before it, and ways to a store through both."""

    proxy: FaultProxy
    server: S3Server
    bucket: str
    connect: Connect

    def store(self, how: str = "", *, single_publisher: bool = False) -> S3Store:
        """For one that stalls is waited in vain, so not for long; for the others, as long as a busy machine needs."""
        patience = IMPATIENT if how.startswith("stall") else QUICK
        return self.connect(self.proxy.endpoint, self.bucket, patience, single_publisher=single_publisher)

    def stored(self) -> dict[str, bytes]:
        """What is really there."""
        client = self.server.client()
        names = [entry["Key"] for entry in client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {
            name.removeprefix(f"{PREFIX}/"): client.get_object(Bucket=self.bucket, Key=name)["Body"].read()
            for name in names
        }


@pytest.fixture
def lab(s3_servers: dict[str, S3Server], connect: Connect) -> Iterator[Lab]:
    server = s3_servers["moto"]
    with FaultProxy(server.endpoint) as proxy:
        yield Lab(proxy=proxy, server=server, bucket=server.new_bucket(), connect=connect)


def create(store: S3Store, key: str, content: bytes) -> bool:
    return store.create(key, content, Digest.of(content))


@pytest.mark.parametrize("how", ONCE)
def test_what_was_created_is_known_to_be_ours_whatever_happens_once(how: str, lab: Lab) -> None:
    lab.proxy.fail(how, method="PUT")
    assert create(lab.store(how), "pool/a", b"ours")
    assert lab.stored() == {"pool/a": b"ours"}
    assert lab.proxy.requests[0].fault == how


@pytest.mark.parametrize("how", ONCE)
def test_what_was_replaced_is_known_to_be_ours_whatever_happens_once(how: str, lab: Lab) -> None:
    store = lab.store(how)
    store.put("InRelease", b"old")
    lab.proxy.fail(how, method="PUT")
    assert store.replace("InRelease", b"new", store.token(b"old"))
    assert lab.stored() == {"InRelease": b"new"}


@pytest.mark.parametrize("how", [*ONCE, "half-body"])
def test_what_is_read_is_whole_whatever_happens_once(how: str, lab: Lab) -> None:
    store = lab.store(how)
    content = bytes(range(256)) * 1000
    store.put("Packages", content)
    lab.proxy.fail(how, method="GET")
    assert store.read("Packages") == (content, store.token(content))


@pytest.mark.parametrize("how", ["500-after", "reset-after", "stall-after"])
def test_what_somebody_else_wrote_is_not_taken_for_ours(how: str, lab: Lab) -> None:
    store = lab.store(how)
    create(store, "pool/a", b"theirs")
    store.put("InRelease", b"theirs")
    lab.proxy.fail(how, method="PUT", key="pool/a")
    lab.proxy.fail(how, method="PUT", key="InRelease")
    assert not create(store, "pool/a", b"ours")
    assert not store.replace("InRelease", b"ours", store.token(b"old"))
    assert lab.stored() == {"pool/a": b"theirs", "InRelease": b"theirs"}


@pytest.mark.parametrize("how", ["500-after", "503-after", "reset-after", "stall-after"])
def test_a_store_that_never_answers_a_write_is_found_to_have_carried_it_out(how: str, lab: Lab) -> None:
    store = lab.store(how)
    lab.proxy.fail(how, times=None, method="PUT")
    assert create(store, "pool/a", b"ours")
    assert store.replace("InRelease", b"ours", None)
    assert lab.stored() == {"pool/a": b"ours", "InRelease": b"ours"}


@pytest.mark.parametrize("how", ["500", "503", "reset-before", "stall"])
def test_a_store_that_stays_broken_is_given_up(how: str, lab: Lab) -> None:
    lab.proxy.fail(how, times=None, method="PUT")
    with pytest.raises(StoreError, match="the store does not answer properly") as caught:
        create(lab.store(how), "pool/a", b"ours")
    assert caught.value.hint == "try again later: what was published before is whole"
    assert caught.value.where == f"s3://{lab.bucket}/{PREFIX}/pool/a"
    assert lab.proxy.count("PUT") == IMPATIENT.tries
    assert lab.stored() == {}


def test_a_way_that_damages_everything_is_told(s3_servers: dict[str, S3Server], lab: Lab) -> None:
    server = s3_servers["seaweedfs"]  # the quick one would not notice
    with FaultProxy(server.endpoint) as proxy:
        lab = replace(lab, proxy=proxy, server=server, bucket=server.new_bucket())
        proxy.fail("corrupt-upload", times=None, method="PUT")
        with pytest.raises(StoreError, match="what arrives at the store is not what was sent") as caught:
            create(lab.store(), "pool/a", b"ours")
        assert caught.value.hint == "look for a faulty network or proxy, then publish again"
        assert lab.stored() == {}


def test_a_store_that_asks_to_wait_is_waited_for(lab: Lab) -> None:
    lab.proxy.fail("503", method="PUT")
    began = time.monotonic()
    create(lab.store(), "pool/a", b"ours")
    assert time.monotonic() - began >= 1.0


def test_a_store_that_asks_to_wait_too_long_is_given_up(lab: Lab) -> None:
    lab.proxy.fail("503", times=None, method="PUT")
    store = lab.connect(lab.proxy.endpoint, lab.bucket, replace(IMPATIENT, total=2.5))
    with pytest.raises(StoreError, match="does not answer properly"):
        create(store, "pool/a", b"ours")
    assert 1 <= lab.proxy.count("PUT") <= 3  # one each second; a busy machine has time for fewer
    assert lab.stored() == {}


@pytest.mark.parametrize("how", ["half-body", "reset-before", "500"])
def test_a_stream_goes_on_where_its_connection_broke(how: str, lab: Lab) -> None:
    store = lab.store(how)
    content = bytes(range(256)) * 40_000
    store.put("pool/a", content)
    lab.proxy.fail("half-body", method="GET")
    lab.proxy.fail(how, nth=2, method="GET")
    stream = store.open("pool/a")
    assert stream is not None
    with stream as file:
        assert file.read() == content
    assert "range" in lab.proxy.requests[-1].headers


def test_a_stream_does_not_go_on_with_other_bytes(lab: Lab) -> None:
    store = lab.store()
    store.put("Packages", b"1" * 10_000_000)
    lab.proxy.fail("half-body", method="GET")
    stream = store.open("Packages")
    assert stream is not None
    store.put("Packages", b"2" * 10_000_000)
    with pytest.raises(StoreError, match="it was replaced while it was read") as caught, stream as file:
        file.read()
    assert caught.value.hint == "try again"


def test_a_digest_is_that_of_the_whole_even_when_a_connection_breaks(lab: Lab) -> None:
    store = lab.store()
    content = bytes(range(256)) * 40_000
    store.put("pool/a", content)
    lab.proxy.fail("half-body", method="GET")
    assert store.digest("pool/a") == Digest.of(content)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("if-none-match-ignored", "it overwrote an object that was only to be created"),
        ("if-match-ignored", "it replaced an object that had another ETag"),
        ("conditions-ignored", "it overwrote an object that was only to be created"),
        ("absence-ignored", "it wrote an object that was to be replaced and was not there"),
        ("conditions-refused", "it answers them with 501 NotImplemented"),
    ],
)
def test_a_store_without_conditional_writes_is_refused(how: str, why: str, lab: Lab) -> None:
    lab.proxy.fail(how, times=None)
    with pytest.raises(StoreError) as caught:
        lab.store().probe()
    assert caught.value.message == f"the store cannot do conditional writes: {why}"
    assert caught.value.hint is not None
    assert "--single-publisher" in caught.value.hint
    assert lab.stored() == {}
    lab.store(single_publisher=True).probe()


@pytest.mark.parametrize("how", ["500-after", "reset-after", "409"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_a_probe_of_a_good_store_is_passed_whatever_happens_once(how: str, nth: int, lab: Lab) -> None:
    lab.proxy.fail(how, nth=nth)
    lab.store(how).probe()
    assert list(lab.stored()) == [KEPT_UNDER]


def test_a_store_that_wants_bare_etags_gets_them(lab: Lab) -> None:
    lab.proxy.fail("bare-etags", times=None)
    lab.store().probe()
    for store in (lab.store(), lab.store()):  # the second process finds out what the first one's probe found
        store.put("InRelease", b"1")
        assert store.replace("InRelease", b"2", store.token(b"1"))
        assert store.replace("InRelease", b"3", store.token(b"2"))
        assert not store.replace("InRelease", b"4", store.token(b"2"))
        assert lab.stored()["InRelease"] == b"3"


def test_a_store_that_refuses_checksums_gets_none(lab: Lab) -> None:
    lab.proxy.fail("checksums-refused", times=None)
    store = lab.store()
    assert create(store, "pool/a", b"1")
    assert create(store, "pool/b", b"2")
    assert [request.status for request in lab.proxy.requests] == [400, 200, 200]
    assert lab.stored() == {"pool/a": b"1", "pool/b": b"2"}


def test_what_is_denied_to_who_may_not_list_is_absent(lab: Lab) -> None:
    lab.proxy.fail("absent-denied", times=None)
    store = lab.store()
    assert store.read("dists/bookworm/InRelease") is None
    assert store.look("pool/a") is None
    assert store.digest("pool/a") is None
    assert not store.renew("pool/a")
    assert create(store, "pool/a", b"1")
    assert lab.stored() == {"pool/a": b"1"}


@pytest.mark.parametrize("act", [lambda store: store.read("a"), lambda store: create(store, "a", b"1")])
def test_what_is_denied_to_who_may_nothing_is_an_error(act: Callable[[S3Store], object], lab: Lab) -> None:
    lab.proxy.fail("403", times=None)
    with pytest.raises(StoreError, match="access denied") as caught:
        act(lab.store())
    assert caught.value.where == f"s3://{lab.bucket}/{PREFIX}/a"
    assert caught.value.hint is not None
    assert "s3:ListBucket" in caught.value.hint
    assert lab.stored() == {}


def test_a_wrong_clock_is_told(lab: Lab) -> None:
    lab.proxy.fail("skewed", times=None)
    with pytest.raises(StoreError, match="this machine's clock is wrong") as caught:
        lab.store().put("a", b"1")
    assert caught.value.hint == "set it: timedatectl set-ntp true"
    assert lab.proxy.count() == 1


def test_how_far_the_clock_is_ahead_follows_from_the_latest_answer(lab: Lab) -> None:
    store = lab.store()
    store.put("a", b"1")
    assert abs(store.ahead()) < timedelta(seconds=5)
    lab.proxy.fail("hour-behind", times=None)
    store.put("a", b"2")
    assert timedelta(minutes=59) < store.ahead() < timedelta(minutes=61)


PARTS = 5
"""Requests that write a file of two parts: begin, two parts, complete; and a look before."""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A content that goes in two parts."""
    monkeypatch.setattr(parts, "LIMIT", 1000)
    monkeypatch.setattr(parts, "PART", 5 << 20)
    return b"x" * (6 << 20)


@pytest.mark.parametrize("how", ["500-after", "reset-before", "reset-after"])
@pytest.mark.parametrize("nth", range(1, PARTS + 1))
def test_a_big_file_arrives_whatever_happens_once(how: str, nth: int, small_parts: bytes, lab: Lab) -> None:
    lab.proxy.fail(how, nth=nth)
    assert create(lab.store(how), "pool/big", small_parts)
    assert lab.stored() == {"pool/big": small_parts}


@pytest.mark.parametrize("nth", range(2, PARTS + 1))
def test_a_big_file_that_cannot_be_sent_leaves_nothing(nth: int, small_parts: bytes, lab: Lab) -> None:
    lab.proxy.fail("500", nth=nth, times=IMPATIENT.tries)
    with pytest.raises(StoreError, match="does not answer properly"):
        create(lab.store(), "pool/big", small_parts)
    assert lab.stored() == {}
    left = lab.server.client().list_multipart_uploads(Bucket=lab.bucket).get("Uploads", [])
    assert left == []
