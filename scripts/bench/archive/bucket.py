"""Publishing to S3 with katpkg and with aptly: requests, round trips, and time when each request takes a while."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.bench.archive.requests import Watch, round_trips
from scripts.bench.archive.rounds import say
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import KATPKG, PROGRAM, cost
from scripts.lab.s3 import CREDENTIALS, ENVIRONMENT, S3Server

LATENCY = 0.02
"""Seconds that are added to each request."""
SLOW = 2_000
"""Creating an archive of more packages goes without the latency: it would take minutes."""
PAUSE = 2.0
"""Seconds before each publication: a suite changes once a second at most, and that wait is not what is measured."""
REGION = ENVIRONMENT["AWS_DEFAULT_REGION"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Of one publication; of several the middle of the times and the most of everything else."""

    wall: float
    cpu: float
    requests: int
    lists: int
    trips: int
    """Requests of which each came after the one before was answered."""
    peak: int
    """Requests under way at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same by both."""

    katpkg: Traffic
    aptly: Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What publishing to a server came to."""

    server: str
    number: int
    create: Pair | None
    """None where the latency was left out."""
    unpatched: Traffic
    """One more package by katpkg, without patches for clients."""
    plus: Pair
    """One more package."""
    still: Pair
    """The same again."""


def measure_bucket(scratch: Scratch, server: S3Server, name: str, number: int, rounds: int) -> Bucket:
    """Create an archive of ``number`` packages with each tool, then add to them in turn."""
    say(f"{number:,} packages in a bucket of {name}")
    unpatched: list[Traffic] = []
    plus: list[tuple[Traffic, Traffic]] = []
    still: list[tuple[Traffic, Traffic]] = []
    with Watch(server.endpoint) as watch:
        without = _Katpkg(scratch, watch, server.new_bucket(), patches=False)
        without.create(scratch.packages(number))
        tools = (_Katpkg(scratch, watch, server.new_bucket()), _Aptly(scratch, watch, server.new_bucket()))
        watch.latency = LATENCY if number < SLOW else 0.0
        katpkg, aptly = (tool.create(scratch.packages(number)) for tool in tools)
        watch.latency = LATENCY
        for count in range(rounds):
            one = scratch.plus(count + 1)
            unpatched.append(without.add(one))
            plus.append((tools[0].add(one), tools[1].add(one)))
            still.append((tools[0].add(one), tools[1].add(one)))
    return Bucket(
        server=name,
        number=number,
        create=Pair(katpkg=katpkg, aptly=aptly) if number < SLOW else None,
        unpatched=_together(unpatched),
        plus=_pair(plus),
        still=_pair(still),
    )


class _Katpkg:
    """An archive in a bucket, by katpkg. Whether it has patches stays as it is: to change that costs once."""

    def __init__(self, scratch: Scratch, watch: Watch, bucket: str, *, patches: bool = True) -> None:
        KATPKG.call("prep_create", scratch, 1)
        self._scratch, self._watch, self._bucket, self._patches = scratch, watch, bucket, patches
        self._definition = KATPKG.work(scratch) / "katpkg.toml"
        self._rest = self._definition.read_text()

    def create(self, packages: Path) -> Traffic:
        return self.add(packages)

    def add(self, packages: Path) -> Traffic:
        reach = f'endpoint = "{self._watch.endpoint}"\nregion = "{REGION}"\npath_style = true\n'
        where = f'patches = {str(self._patches).lower()}\nbucket = "s3://{self._bucket}"\n\n[publish.s3]\n{reach}'
        self._definition.write_text(f"{self._rest}{where}")
        key = {"KATPKG_SIGNING_KEY_FILE": str(self._definition.with_name("secret.asc"))}
        command: list[str | Path] = [
            PROGRAM,
            "-C",
            self._definition.parent,
            "publish",
            "--headers-only",
            packages / "pool",
        ]
        return _watched(command, self._scratch, self._watch, ENVIRONMENT | key)


class _Aptly:
    """An archive in a bucket, by aptly. That it takes packages into its own store first is not counted."""

    def __init__(self, scratch: Scratch, watch: Watch, bucket: str) -> None:
        self._scratch, self._watch = scratch, watch
        self._configuration = scratch.work / "aptly-s3" / "aptly.conf"
        self._configuration.parent.mkdir(exist_ok=True)
        self._configuration.write_text(json.dumps(_aptly_configuration(watch.endpoint, bucket, self._configuration)))
        self._run("repo", "create", "-distribution=stable", "-component=main", bucket)
        self._repository = bucket
        self._signing = ("-batch", f"-gpg-key={scratch.key}")

    def create(self, packages: Path) -> Traffic:
        self._run("repo", "add", self._repository, packages / "pool")
        options = ("-acquire-by-hash", "-skip-contents", "-skip-bz2", "-architectures=amd64,arm64")
        return self._run("publish", "repo", *self._signing, *options, self._repository, f"s3:{self._repository}:")

    def add(self, packages: Path) -> Traffic:
        self._run("repo", "add", self._repository, packages / "pool")
        return self._run("publish", "update", *self._signing, "stable", f"s3:{self._repository}:")

    def _run(self, *words: str | Path) -> Traffic:
        command: list[str | Path] = ["aptly", f"-config={self._configuration}", *words]
        home = {"GNUPGHOME": str(self._scratch.path / "gnupg")}
        return _watched(command, self._scratch, self._watch, ENVIRONMENT | home)


def _aptly_configuration(endpoint: str, bucket: str, path: Path) -> dict[str, object]:
    place = {
        "region": REGION,
        "bucket": bucket,
        "endpoint": endpoint,
        "awsAccessKeyID": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "awsSecretAccessKey": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "acl": "private",
    }
    root = path.parent / bucket
    return {"rootDir": str(root), "gpgProvider": "gpg", "skipLegacyPool": True, "S3PublishEndpoints": {bucket: place}}


def _watched(command: list[str | Path], scratch: Scratch, watch: Watch, environment: dict[str, str]) -> Traffic:
    time.sleep(PAUSE)
    watch.reset()
    found = cost(command, scratch, environment)
    spans = list(watch.spans)
    return Traffic(
        wall=found.wall,
        cpu=found.cpu,
        requests=len(spans),
        lists=sum(span.is_list for span in spans),
        trips=round_trips(spans),
        peak=watch.peak,
    )


def _pair(found: Sequence[tuple[Traffic, Traffic]]) -> Pair:
    katpkg, aptly = zip(*found, strict=True)
    return Pair(katpkg=_together(katpkg), aptly=_together(aptly))


def _together(found: Sequence[Traffic]) -> Traffic:
    return Traffic(
        wall=median(each.wall for each in found),
        cpu=median(each.cpu for each in found),
        requests=max(each.requests for each in found),
        lists=max(each.lists for each in found),
        trips=max(each.trips for each in found),
        peak=max(each.peak for each in found),
    )
