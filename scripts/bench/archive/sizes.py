"""How much larger an index in blocks is than one that is compressed at once."""

from __future__ import annotations

import gzip
import lzma
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.archive.rounds import say, unlucky
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import KATPKG, PROGRAM, cost, plain_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Parts of what one stream takes."""

    xz: float
    gz: float


def measure_sizes(scratch: Scratch, number: int) -> tuple[Sizes, Sizes | None]:
    """Those of ``number`` packages and one more; and those after ``katpkg optimize``, if it works."""
    say(f"{number:,} packages, sizes of the index")
    KATPKG.run("plus", scratch, number)
    archive = KATPKG.archive(scratch)
    plain = plain_index(archive, "amd64")
    whole = len(lzma.compress(plain, preset=6)), len(gzip.compress(plain, 9, mtime=0))
    before = _sizes(archive, *whole)
    work = KATPKG.work(scratch)
    environment = {"KATPKG_SIGNING_KEY_FILE": str(work / "secret.asc")}
    try:
        cost([PROGRAM, "-C", work, "optimize", "stable"], scratch, environment)
    except RuntimeError as error:
        unlucky("katpkg optimize", error)
        return before, None
    return before, _sizes(archive, *whole)


def _sizes(archive: Path, xz: int, gz: int) -> Sizes:
    index = archive / "dists/stable/main/binary-amd64"
    return Sizes(xz=(index / "Packages.xz").stat().st_size / xz, gz=(index / "Packages.gz").stat().st_size / gz)
