"""A directory, and what can happen to a publisher at each of its system calls: SIGKILL, or an error of the kernel's.

strace(1) makes it happen, at the nth call of a kind. A run without faults tells which calls are about the archive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.fault.apt import HostApt
from tests.fault.cases import Case
from tests.fault.ground import NEW, Ground, Wrong, judge_directory

WRITING = (
    *("openat", "write", "fsync", "syncfs", "close", "rename", "link", "unlink", "mkdir"),
    *("flock", "utimensat", "fchmod", "chmod"),
)
READING = ("read", "newfstatat", "lstat", "getdents64")
CALLS = (*WRITING, *READING)
DISK = ("error=ENOSPC", "error=EIO")
FAULTS = {
    "openat": (*DISK, "error=EACCES", "error=EINTR", "error=EMFILE"),
    "write": (*DISK, "error=EINTR", "error=EDQUOT"),
    "mkdir": (*DISK, "error=EACCES", "error=EROFS"),
    "link": (*DISK, "error=EACCES", "error=EPERM"),
    "rename": (*DISK, "error=EACCES"),
    "unlink": (*DISK, "error=EACCES"),
    "flock": ("error=EIO", "error=EINTR", "error=ENOLCK"),
    "fsync": (*DISK, "error=EINTR"),
}
"""What a call may say. Those that are not here: that the disk is full or broken."""
KILL = "signal=SIGKILL"

LINE = re.compile(r"(?P<call>[a-z0-9_]+)\((?P<words>.*)\) += ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The ``nth`` call of its kind that a publication makes, which is about ``path`` in the archive."""

    call: str
    nth: int
    path: str


def points(ground: Ground, work: Path) -> list[Point]:
    """Every system call by which a publication has to do with the archive, in order."""
    log = work / "strace.log"
    copy = ground.copy(work / "traced")
    done = copy.publish(under=["strace", "-y", "-s", "0", "-o", log, "-e", f"trace={','.join(CALLS)}"])
    if done.returncode != 0:
        raise Wrong(done.stderr)
    return list(_parse(log.read_text().splitlines(), str(copy.public)))


def _parse(lines: Sequence[str], public: str) -> Iterator[Point]:
    counts: Counter[str] = Counter()
    for line in lines:
        if found := LINE.match(line):
            counts[found["call"]] += 1
            if public in found["words"]:
                path = found["words"].partition(public)[2].lstrip("/").partition('"')[0].partition(">")[0]
                yield Point(call=found["call"], nth=counts[found["call"]], path=path)


def cases(ground: Ground, work: Path) -> list[Case]:
    """Every fault at every point; one in ten is read by apt afterwards too, if it is signed."""
    found = [
        (point, fault)
        for point in points(ground, work)
        for fault in (KILL, *FAULTS.get(point.call, DISK))
        if fault == KILL or point.call in WRITING or fault == "error=EIO"
    ]
    return [
        Case(
            name=f"{fault} at {point.call} {point.nth} ({point.path})",
            play=partial(_play, ground, point, fault, has_reader=ground.is_signed and number % 10 == 0),
        )
        for number, (point, fault) in enumerate(found)
    ]


def _play(ground: Ground, point: Point, fault: str, work: Path, *, has_reader: bool) -> Iterator[str]:
    here = ground.copy(work / "ground")
    inject = f"inject={point.call}:{fault}:when={point.nth}"
    log = work / "log"
    done = here.publish(under=["strace", "-y", "-o", log, "-e", f"trace={point.call}", "-e", inject])
    if fault != KILL and not _struck(log, here):
        yield "missed"  # what comes before, imports and gpg, does not always take the same calls
        return
    apt = HostApt(work / "apt", f"file:{here.public}", here.root / "archive.asc") if has_reader else None
    if apt:
        apt.update()
    yield from judge_directory(here, done)
    if apt:
        apt.update()
        if not apt.packages() >= NEW.keys() - {"kat-arm"}:
            raise Wrong(f"apt knows only {apt.packages()}")
        yield "read by apt"


def _struck(log: Path, ground: Ground) -> bool:
    lines = log.read_text(errors="replace").splitlines()
    return any("(INJECTED)" in line and str(ground.public) in line for line in lines)
