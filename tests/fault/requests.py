"""A bucket, and what can happen to each request of a publisher: refused, lost, cut off, late, or his last one.

A run without faults tells which requests there are. A proxy before a real server makes things happen.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from katpkg.errors import KatpkgError
from katpkg.model.store import S3Options
from katpkg.packages.deb.inspect import read_debs
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Change
from katpkg.repository.apt.plan import AptRepository
from katpkg.store.s3 import S3Store
from katpkg.store.wire import Patience
from scripts.lab.faults import FAULTS, BrokenConnection, Fault, Forward, Reply, Request
from scripts.lab.proxy import FaultProxy
from scripts.lab.s3 import S3Server
from tests.fault.cases import Case
from tests.fault.ground import NEW, OLD, PATIENCE, SUITE, Ground, Wrong, judge, judge_answer
from tests.fault.signer import QuickSigner

QUICK = Patience(pause=0.01, answer=0.5, total=20.0)
PREFIX = "archive"

ONCE = ("500", "500-after", "503", "503-after", "403", "reset-before", "reset-after", "stall", "stall-after")
OF_METHOD = {"GET": ("half-body",), "PUT": ("409", "412")}
ALWAYS = ("500", "500-after", "reset-before", "403")
KILLS = ("killed before", "killed after")

VARYING = re.compile(r"(?<=generations/)[^/]+|(?<=katpkg-probe-)[0-9a-f]{16}")
"""What of a key is another one in every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The ``nth`` request of a publication that uses ``method`` on a key like ``key``."""

    method: str
    key: str
    nth: int


@dataclass(slots=True)
class Strike:
    """Does ``fault`` to the request at ``point``, and with ``always`` to all like it from then on."""

    point: Point
    fault: Fault
    always: bool = False
    seen: int = 0
    tries: Counter[tuple[bytes, str]] = field(default_factory=Counter)
    """How often it struck each request: a store is tried out by several under one key."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, forward: Forward, closing: threading.Event) -> Reply:
        if (request.method, _like(request)) != (self.point.method, self.point.key):
            return forward(request)
        with self.lock:
            self.seen += 1
            strikes = self.seen >= self.point.nth if self.always else self.seen == self.point.nth
            self.tries[request.body, request.headers.get("if-match", "")] += strikes
        return self.fault(request, forward, closing) if strikes else forward(request)


def _like(request: Request) -> str:
    return VARYING.sub("*", request.path.partition(f"/{PREFIX}/")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of ``server`` that holds the archive of ``ground``, and publishers to it."""

    server: S3Server
    ground: Ground
    name: str

    def options(self, endpoint: str) -> S3Options:
        """By way of ``endpoint``."""
        return S3Options(endpoint=endpoint, region="us-east-1", path_style=True)

    def store(self, endpoint: str = "") -> S3Store:
        """By way of ``endpoint``, or directly."""
        patience = QUICK if endpoint else Patience()
        return S3Store(self.name, PREFIX, self.options(endpoint or self.server.endpoint), patience=patience)

    def publisher(self, endpoint: str = "") -> Publisher:
        """Who publishes there."""
        return Publisher(
            repository=AptRepository(SUITE),
            store=self.store(endpoint),
            signer=QuickSigner(),
            clock=lambda: datetime.now(UTC),
            reporter=Quiet(),
        )

    def publish(self, change: Change | None = None, endpoint: str = "") -> tuple[int, str]:
        """Publish what is new, in this process; the exit code that it would have, and what it says."""
        packages = read_debs([*map(str, self.ground.new)], Quiet(), look_inside=True)
        try:
            publisher = self.publisher(endpoint)
            publisher.publish(change or publisher.repository.adding(packages))
        except KatpkgError as error:
            return error.exit_code, f"error: {error.message}\n in: {error.where}\n hint: {error.hint}"
        return 0, ""


def make_bucket(server: S3Server, ground: Ground) -> Bucket:
    """The archive of ``ground`` in a new bucket."""
    bucket = Bucket(server=server, ground=ground, name=server.new_bucket())
    for path in ground.public.rglob("*"):
        if path.is_file() and not path.name.startswith(("lock", "new-", "writer-")):
            key = f"{PREFIX}/{path.relative_to(ground.public)}"
            server.client().put_object(Bucket=bucket.name, Key=key, Body=path.read_bytes())
    return bucket


def points(server: S3Server, ground: Ground) -> list[Point]:
    """Every request of a publication; those that are made at once, in any order."""
    bucket = make_bucket(server, ground)
    with FaultProxy(server.endpoint) as proxy:
        status, said = bucket.publish(endpoint=proxy.endpoint)
        if status:
            raise Wrong(said)
        seen = Counter((request.method, _like(request)) for request in proxy.requests)
    return [
        Point(method=method, key=key, nth=nth + 1) for (method, key), number in seen.items() for nth in range(number)
    ]


def cases(server: S3Server, ground: Ground) -> list[Case]:
    """Every fault at every request, once and always; and SIGKILL before and after the store carried it out."""
    found = []
    for point in points(server, ground):
        at = f"{point.method} {point.key} {point.nth}"
        play = partial(_play, server, ground, point)
        for how in (*ONCE, *OF_METHOD.get(point.method, ())):
            found.append(Case(name=f"{how} at {at}", play=partial(play, FAULTS[how])))
        for how in ALWAYS:
            found.append(Case(name=f"{how} always at {at}", play=partial(play, FAULTS[how], always=True)))
        for how in KILLS:
            found.append(Case(name=f"{how} {at}", play=partial(_play_killed, server, ground, point, how)))
    return found


def _play(
    server: S3Server, ground: Ground, point: Point, fault: Fault, _: Path, *, always: bool = False
) -> Iterator[str]:
    bucket = make_bucket(server, ground)
    strike = Strike(point, fault, always)
    with FaultProxy(server.endpoint) as proxy:
        proxy.fail(strike, times=None)
        status, said = bucket.publish(endpoint=proxy.endpoint)
    if strike.seen < point.nth:
        raise Wrong("the fault did not strike")
    if always and (most := max(strike.tries.values())) > QUICK.tries:
        raise Wrong(f"{most} tries of a request that never succeeds")
    yield from _judge(bucket, status, said)


def _play_killed(server: S3Server, ground: Ground, point: Point, how: str, work: Path) -> Iterator[str]:
    bucket = make_bucket(server, ground)
    begun = threading.Event()
    process: list[subprocess.Popen[bytes]] = []

    def kill(request: Request, forward: Forward, _: threading.Event) -> Reply:
        if how == "killed after":
            forward(request)
        begun.wait(PATIENCE)
        process[0].send_signal(signal.SIGKILL)
        raise BrokenConnection

    here = ground.copy(work / "ground")
    with FaultProxy(server.endpoint) as proxy:
        proxy.fail(Strike(point, kill), times=None)
        here.in_bucket(bucket.name, bucket.options(proxy.endpoint))
        process.append(subprocess.Popen(here.command("publish", *here.new), env=here.environment, cwd=here.root))
        begun.set()
        status = process[0].wait(PATIENCE)
        time.sleep(0.1)  # what was on its way arrives
    if status != -signal.SIGKILL:
        raise Wrong(f"it was not killed: {status}")
    yield from _judge(bucket, status, "")


def _judge(bucket: Bucket, status: int, said: str) -> Iterator[str]:
    """How a publication to a bucket ended, and how the next ones did. Raises Wrong."""
    store, verifier = bucket.store(), bucket.ground.verifier
    yield judge_answer(status, said, judge(store, verifier, strict=status == 0))
    again, said = bucket.publish()
    if again or not judge(store, verifier) >= OLD.keys() | NEW.keys():
        raise Wrong(f"the next publication did not publish everything: {said}")
    yield "again 0"
    try:
        judge(store, verifier, strict=True)
    except Wrong:
        if status == 0:
            raise
        bucket.publisher().bring_copies_in_line()  # as katpkg verify --repair does
        judge(store, verifier, strict=True)
        yield "copies repaired"
