"""Few packages that are large: what counts is how often their bytes are touched."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from katpkg.model.names import Codename
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.built import BuildDirectory, Built
from scripts.bench.archive.deb import make_deb
from scripts.bench.archive.packages import Sample
from scripts.bench.archive.rounds import say
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import KATPKG, PROGRAM, cost
from scripts.bench.archive.trace import READS, bytes_read, trace
from scripts.bench.measure import Cost, middle

NUMBER, SIZE = 20, 60_000_000
LOOP = Path(__file__).with_name("loop.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """What publishing them came to."""

    katpkg: Cost
    loop: Cost
    """Copying and hashing in one pass, and nothing else."""
    reads: float
    """How often each byte was read."""


def measure_large(scratch: Scratch, rounds: int) -> Large:
    """Publish packages that katpkg built: it knows what they hold."""
    say(f"{NUMBER} packages of {SIZE // 1_000_000} MB")
    built = scratch.path / "large"
    total = _build(built)
    publish: list[str | Path] = [PROGRAM, "-C", KATPKG.work(scratch), "publish"]
    ours, loops = [], []
    for _ in range(rounds):
        _prepare(scratch, built)
        ours.append(cost(publish, scratch, _environment(scratch)))
        copies = scratch.work / "copies"
        copies.mkdir()
        loops.append(cost([sys.executable, "-I", "-S", LOOP, copies, *built.rglob("*.deb")], scratch, {}))
        shutil.rmtree(copies)
    _prepare(scratch, built)
    environment = [f"{name}={value}" for name, value in _environment(scratch).items()]
    lines = trace(["env", *environment, *publish], scratch, READS)
    shutil.rmtree(built)
    return Large(katpkg=middle(ours), loop=middle(loops), reads=bytes_read(lines) / total)


def _build(into: Path) -> int:
    """What `katpkg build` leaves: the files, and a record of them. Their bytes together."""
    shutil.rmtree(into, ignore_errors=True)
    directory = BuildDirectory(into, Codename("stable"))
    directory.path.mkdir(parents=True)
    for number in range(NUMBER):
        sample = Sample(number=number * 10, version=0, architecture="amd64")
        content = {f"opt/venvs/{sample.name}/bytes": os.urandom(SIZE)}
        (directory.path / Path(sample.path).name).write_bytes(make_deb(sample.control, content, compress=False))
    packages = [read_deb(path) for path in sorted(directory.path.glob("*.deb"))]
    directory.write(Built.of(package, hashlib.sha256(package.name.encode()).hexdigest()) for package in packages)
    return sum(package.digest.size for package in packages)


def _prepare(scratch: Scratch, built: Path) -> None:
    KATPKG.call("prep_create", scratch, 1)
    work = KATPKG.work(scratch)
    with (work / "katpkg.toml").open("a") as definition:
        definition.write(f'\n[build]\ndirectory = "{built}"\n')


def _environment(scratch: Scratch) -> dict[str, str]:
    return {"KATPKG_SIGNING_KEY_FILE": str(KATPKG.work(scratch) / "secret.asc")}
