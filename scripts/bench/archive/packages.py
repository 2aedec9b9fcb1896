"""Packages to measure with: any number of them, all different, each the same whenever it is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from random import Random

from scripts.bench.archive.deb import make_deb

VERSIONS = 5
"""How many of each package stand in an archive that keeps several."""

CHUNK = 250

_NOUNS = """
    account adapter agent backup barcode bridge browser calendar catalogue certificate channel clock compiler
    console counter dashboard decoder dialect dictionary directory document editor emulator engine exporter font
    formatter gateway geometry hardware inspector interpreter journal keyboard language ledger lexer mailbox map
    matrix merger metric mirror notebook packet palette parser partition password plotter policy printer profile
    protocol proxy registry report resolver router sampler scanner scheduler sensor shell signature socket
    spreadsheet subtitle symbol terminal texture theme thesaurus ticket timer toolkit translator tunnel
    validator viewer voucher widget
"""
_PARTICLES = "a and by for from in is of on or that the them this to when with without"
NOUNS = tuple(_NOUNS.split())
WORDS = (*NOUNS, *_PARTICLES.split())
SECTIONS = ("admin", "database", "devel", "libs", "net", "python", "utils", "web")
RELATIONS = (
    "adduser",
    "ca-certificates",
    "debconf (>= 0.5) | debconf-2.0",
    "init-system-helpers (>= 1.51)",
    "libc6 (>= 2.34)",
    "libcurl4 (>= 7.16.2)",
    "libexpat1 (>= 2.0.1)",
    "libsqlite3-0 (>= 3.37.0)",
    "libssl3 (>= 3.0.0)",
    "perl:any",
    "python3:any",
    "zlib1g (>= 1:1.2.0)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which package it is; everything in it follows from that."""

    number: int
    """Of its name."""
    version: int
    architecture: str

    @property
    def name(self) -> str:
        """Some begin as libraries do: those have directories of their own in a pool."""
        random = Random(self.number)  # noqa: S311
        return f"{random.choice(('', '', '', 'lib'))}{random.choice(NOUNS)}-{random.choice(NOUNS)}{self.number}"

    @property
    def full_version(self) -> str:
        """A few of each package differ in the last part, as those of one release do."""
        return f"{1 + self.number % 7}.{self.number % 23}.{self.version}-1"

    @property
    def path(self) -> str:
        """Its place, as all tools would choose it."""
        prefix = self.name[:4] if self.name.startswith("lib") else self.name[0]
        return f"pool/main/{prefix}/{self.name}/{self.name}_{self.full_version}_{self.architecture}.deb"

    @property
    def control(self) -> str:
        """As large as those in Debian are."""
        random = Random(self.number)  # noqa: S311
        own = Random(f"{self.number} {self.version} {self.architecture}")  # noqa: S311
        fields = {
            "Package": self.name,
            "Version": self.full_version,
            "Architecture": self.architecture,
            "Maintainer": f"Team {self.number % 60} <team-{self.number % 60}@packages.example>",
            "Installed-Size": str(own.randint(20, 20_000)),
            "Depends": ", ".join(random.sample(RELATIONS, random.randint(2, 6))),
            "Suggests": random.choice(RELATIONS),
            "Section": random.choice(SECTIONS),
            "Priority": "optional",
            "Homepage": f"https://packages.example/{self.name}",
            "Description": _text(random, 6),
        }
        lines = (" ." if line % 4 == 3 else f" {_text(random, 11)}" for line in range(random.randint(4, 11)))
        return "".join(f"{line}\n" for line in (*(f"{name}: {value}" for name, value in fields.items()), *lines))

    def files(self) -> dict[str, bytes]:
        """What it installs: some text, and bytes that nothing compresses."""
        own = Random(f"{self.number} {self.version} {self.architecture}")  # noqa: S311
        return {
            f"usr/lib/{self.name}/tables": own.randbytes(own.randint(1_000, 6_000)),
            f"usr/share/doc/{self.name}/README": _text(own, 300).encode(),
        }


def samples(*, versions: int = VERSIONS, start: int = 0) -> Iterator[Sample]:
    """Without end: each name in ``versions`` versions, and every tenth for all architectures."""
    for number in count(start):
        for version in range(versions):
            for architecture in ("all",) if number % 10 == 9 else ("amd64", "arm64"):
                yield Sample(number=number, version=version, architecture=architecture)


def write_samples(into: Path, number: int, *, versions: int = VERSIONS, start: int = 0) -> None:
    """Write the first ``number`` packages below ``into``, on all cores."""
    with ProcessPoolExecutor() as processes:
        wanted = islice(samples(versions=versions, start=start), number)
        for _ in processes.map(partial(_write, into), wanted, chunksize=CHUNK):
            pass


def _write(into: Path, sample: Sample) -> None:
    path = into / sample.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_deb(sample.control, sample.files()))


def _text(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, k=words))
