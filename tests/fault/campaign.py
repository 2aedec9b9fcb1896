"""What there is to go wrong, all of it or a sample: each part returns what did not end as it must."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from katpkg.store.local import LocalStore
from scripts.lab.roots import debian_root
from scripts.lab.s3 import S3Server, moto, seaweedfs
from tests.fault import crowd, disk, requests, syscalls
from tests.fault.apt import ChrootApt, HostApt
from tests.fault.cases import Case, play_all, sample
from tests.fault.ground import Ground, make_ground
from tests.fault.protocol import BEGIN, Publisher, explore
from tests.fault.readers import Reader, served
from tests.fault.requests import make_bucket

SIZES = ((2, 20), (4, 12), (8, 8), (16, 4))
"""So many publishers, of so many packages each."""
SLOW = 20.0
"""Seconds at most that a slow reader takes between InRelease and the indexes."""

Part = Callable[[Path], list[str]]


def directory(work: Path, number: int = 0, *, signed: int = 0) -> list[str]:
    """System calls, and a full disk; ``number`` of the cases, or all; and ``signed`` ones with a real signature."""
    plain, real = make_ground(work / "plain"), make_ground(work / "real", is_signed=True)
    for each in ("plain-points", "real-points"):
        (work / each).mkdir()
    wrongs = play_all("system calls", _some(syscalls.cases(plain, work / "plain-points"), number, "system calls"))
    every = syscalls.cases(real, work / "real-points")
    wrongs += play_all("system calls, signed by gpg", _some(every, signed or len(every) // 4, "signed"))
    return wrongs + play_all("a full disk", _some(disk.cases(plain), number // 4, "disk"))


def bucket(work: Path, number: int = 0, *, real: int = 0) -> list[str]:
    """Requests to a quick server; ``number`` of the cases, or all; and ``real`` ones to a real one."""
    ground = make_ground(work / "plain")
    with _server(moto, work) as server:
        wrongs = play_all("requests", _some(requests.cases(server, ground), number, "requests"), workers=4)
    if real >= 0:
        with _server(seaweedfs, work) as server:
            every = requests.cases(server, ground)
            wrongs += play_all("requests to SeaweedFS", _some(every, real or len(every) // 8, "real"), workers=4)
    return wrongs


def crowd_in_directory(work: Path, sizes: Sequence[tuple[int, int]] = SIZES, *, is_signed: bool = True) -> list[str]:
    """Many publishers to a directory, with all kinds of readers."""
    wrongs = []
    for publishers, packages in sizes:
        ground = make_ground(work / f"{publishers}", is_signed=is_signed)
        here = crowd.Crowd(ground, crowd.Size(publishers=publishers, packages=packages))
        crowd.gather(ground, here.size, aged=True)
        with served(ground.public) as url, ExitStack() as stack:
            apts = _apts(stack, url, ground, work / f"apt-{publishers}") if is_signed else {}
            readers = _readers(url, ground, slow=SLOW if is_signed else 2.0) | _updates(apts)
            wrongs += [*crowd.play(here, LocalStore(ground.public), readers), *_behind(apts, here)]
    return wrongs


def crowd_in_bucket(work: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> list[str]:
    """Many publishers to a bucket, with all kinds of readers."""
    wrongs = []
    with _server(seaweedfs, work) as server, ExitStack() as stack:
        for publishers, packages in sizes:
            ground = make_ground(work / f"bucket-{publishers}", is_signed=True)
            filled = make_bucket(server, ground)
            server.client().put_bucket_policy(Bucket=filled.name, Policy=json.dumps(_readable(filled.name)))
            ground.in_bucket(filled.name, filled.options(server.endpoint))
            here = crowd.Crowd(ground, crowd.Size(publishers=publishers, packages=packages))
            crowd.gather(ground, here.size, aged=False)
            url = f"{server.endpoint}/{filled.name}/{requests.PREFIX}/"
            apts = _apts(stack, url, ground, work / f"apt-{publishers}")
            readers = _readers(url, ground, slow=SLOW) | _updates(apts)
            wrongs += [*crowd.play(here, filled.store(), readers), *_behind(apts, here)]
    return wrongs


def protocol(_: Path) -> list[str]:
    """Three publishers in the model: every interleaving."""
    explore((Publisher("a"), Publisher("b"), Publisher("c")), BEGIN)
    return []


WHOLE: dict[str, Part] = {
    "directory": directory,
    "bucket": bucket,
    "crowd-in-directory": crowd_in_directory,
    "crowd-in-bucket": crowd_in_bucket,
    "protocol": protocol,
}
SAMPLE: dict[str, Part] = {
    "directory": partial(directory, number=24, signed=4),
    "bucket": partial(bucket, number=12, real=-1),
    "crowd-in-directory": partial(crowd_in_directory, sizes=((4, 2),), is_signed=False),
}


def _readable(name: str) -> dict[str, object]:
    """The policy of a bucket that everybody may read."""
    may = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    return {"Version": "2012-10-17", "Statement": [may]}


def _some(cases: Sequence[Case], number: int, what: str) -> Sequence[Case]:
    return sample(cases, number, what) if number else cases


def _readers(url: str, ground: Ground, *, slow: float) -> dict[str, Callable[[], None]]:
    late = Reader(url, ground.verifier)
    return {
        "reads": Reader(url, ground.verifier).read,
        "slow reads": lambda: late.read(lambda: random.uniform(0, slow)),
    }


def _apts(stack: ExitStack, url: str, ground: Ground, work: Path) -> dict[str, HostApt]:
    (work / "trixie").mkdir(parents=True)
    key = ground.root / "archive.asc"
    other = stack.enter_context(ChrootApt(debian_root("trixie"), work / "trixie", url, key))
    return {f"apt {each.version()}": each for each in (HostApt(work / "host", url, key), other)}


def _updates(apts: Mapping[str, HostApt]) -> dict[str, Callable[[], None]]:
    return {name: apt.update for name, apt in apts.items()}


def _behind(apts: Mapping[str, HostApt], here: crowd.Crowd) -> list[str]:
    """Who does not know everything after the last update."""
    return [f"{name} lacks {sorted(lost)}" for name, apt in apts.items() if (lost := here.every - apt.packages())]


@contextmanager
def _server(kind: Callable[[Path], object], work: Path) -> Iterator[S3Server]:
    (work / kind.__name__).mkdir(exist_ok=True)
    with kind(work / kind.__name__) as server:  # type: ignore[attr-defined]
        yield server
