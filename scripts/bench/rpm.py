"""Publish one more RPM into a repository of thousands, and have createrepo_c do what it can of that.

createrepo_c keeps what it knows of files that have not changed (``--update``), signs nothing and
looks at no signature. Both make the same three files, with gzip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from katpkg.config.archive import load_archive
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.target import PackageFormat
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.keys import PublicKey
from katpkg.repository.rpm.plan import RpmRepository
from katpkg.repository.signing import GpgSigner
from katpkg.store.local import LocalStore
from scripts.bench import page
from scripts.bench.measure import Cost, measure, middle
from scripts.bench.rpms import SMALL, Shape, installed, make_rpms

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (1000, 5000, 20000)
ROUNDS = 5
MEMORY = "/dev/shm"  # noqa: S108  # what no disk slows down

DEFINITION = """\
targets = ["el9/x86_64"]
[archive]
name = "bench"
origin = "Bench"
label = "Bench"
description = "Thousands of small packages"
uri = "http://127.0.0.1:8099/"
maintainer = "Somebody <somebody@example.org>"
architectures = ["amd64"]
[signing]
public_key = "archive.asc"
"""


class Unsigned:
    """Takes packages as they are: signing thousands would take most of an hour, and is not what is measured."""

    def sign_packages(self, packages: Sequence[BinaryPackage]) -> Sequence[Path]:
        """The files themselves."""
        return [each.path for each in packages]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, nargs="+", default=PACKAGES)
    parser.add_argument("--directory", type=Path, help="where to work; default: in memory")
    options = parser.parse_args()
    shapes = {"as Debian's here": installed(), "of one file": SMALL}
    tables = []
    for name, like in shapes.items():
        with tempfile.TemporaryDirectory(prefix="bench-rpm-", dir=options.directory or MEMORY) as directory:
            print(f"    making {max(options.packages) + 1} RPMs {name}", file=sys.stderr)
            rpms = make_rpms(Path(directory, "rpms"), like, max(options.packages) + 1)
            tables += [table(name, number, costs_of(Path(directory), rpms, number)) for number in options.packages]
    text = "\n".join((page.machine(["createrepo-c", "rpm", "gnupg"]), told(shapes["as Debian's here"]), "", *tables))
    print(text)
    page.write("rpm", text)


def costs_of(work: Path, rpms: Sequence[Path], number: int) -> dict[str, Cost]:
    """What each way costs to add the last of ``rpms`` to an archive of the first ``number``."""
    make_archive(work / "archive", rpms[:number])
    ways = {"katpkg": by_katpkg, "of it, metadata": by_plan, "createrepo_c --update": by_createrepo}
    costs = {name: rounds(work, rpms[-1], way) for name, way in ways.items()}
    shutil.rmtree(work / "archive")
    return costs


def make_archive(directory: Path, rpms: Sequence[Path]) -> None:
    """The archive of ``rpms``, as katpkg publishes it, and createrepo_c's own metadata of the same files."""
    print(f"    publishing {len(rpms)} RPMs", file=sys.stderr)
    directory.mkdir()
    (directory / "katpkg.toml").write_text(DEFINITION)
    new = katpkg("key", "new", "--user-id", "b <b@example.org>", "--secret", "secret.asc")
    subprocess.run(new, cwd=directory, check=True, capture_output=True)
    with publisher_of(directory) as publisher:
        publisher.publish(publisher.repository.adding(map(package_of, rpms)))
    subprocess.run(createrepo(), check=True, cwd=directory / "public/pool", capture_output=True)


@contextmanager
def publisher_of(directory: Path) -> Iterator[Publisher]:
    """Who publishes without signing packages."""
    archive = load_archive(directory)
    with GpgSigner(PublicKey.read(archive.signing.public_key), (directory / "secret.asc").read_bytes(), "") as signer:
        yield Publisher(
            repository=RpmRepository(archive.suite(archive.targets[0].codename), archive.archive.uri, Unsigned()),
            store=LocalStore(archive.publish.store),
            signer=signer,
            clock=lambda: datetime.now(UTC),
            reporter=Quiet(),
        )


def package_of(path: Path) -> BinaryPackage:
    """What its name says: these are our own."""
    name, version, release = path.name.removesuffix(".noarch.rpm").rsplit("-", 2)
    return BinaryPackage(
        file=str(path),
        digest=Digest.of(path),
        fields={"Package": name, "Version": f"{version}-{release}", "Architecture": "all"},
        members=tuple,
        format=PackageFormat.RPM,
    )


def rounds(work: Path, one: Path, way: Callable[[Path, Path], Cost]) -> Cost:
    """The middle of several rounds, each of a copy of the archive."""
    costs = []
    for number in range(ROUNDS):
        copy = work / f"round-{number}"
        subprocess.run(["cp", "--archive", "--link", work / "archive", copy], check=True)
        costs.append(way(copy, one))
        shutil.rmtree(copy)
    return middle(costs)


def by_katpkg(archive: Path, one: Path) -> Cost:
    """``katpkg publish`` of one more: the package is signed and verified, and so is the new state."""
    pointer = archive / "public/rpm/el9/mirrorlist"
    before = pointer.read_text()
    cost = measure(katpkg("publish", str(one)), cwd=archive, env=environment(), log=archive / "log")
    if pointer.read_text() == before:
        raise RuntimeError("nothing was published")
    return cost


def by_plan(archive: Path, one: Path) -> Cost:
    """What katpkg's own process does of it: reading, checking and writing metadata, without start-up or signatures."""
    with publisher_of(archive) as publisher:
        began, clock = time.process_time(), time.monotonic()
        publisher.plan(publisher.repository.adding([package_of(one)]))
        return Cost(cpu=time.process_time() - began, wall=time.monotonic() - clock, largest=0, together=0)


def by_createrepo(archive: Path, one: Path) -> Cost:
    """createrepo_c with one more."""
    pool = archive / "public/pool"
    shutil.copy(one, pool / "el9/main/b" / one.name)
    return measure(createrepo("--update"), cwd=pool, env=environment(), log=archive / "log")


def katpkg(*words: str) -> list[str]:
    """A call of katpkg."""
    return [sys.executable, "-m", "katpkg", *words]


def createrepo(*words: str) -> list[str]:
    """A call of createrepo_c that makes what katpkg makes."""
    return ["createrepo_c", "--no-database", "--general-compress-type=gz", "--simple-md-filenames", *words, "."]


def environment() -> dict[str, str]:
    """What both are told."""
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return {**paths, "KATPKG_SIGNING_KEY_FILE": "secret.asc"}


def table(name: str, number: int, costs: dict[str, Cost]) -> str:
    """What came of it."""
    ours, metadata, theirs = costs.values()
    rows = [[way, f"{cost.cpu:.2f}", f"{cost.wall:.2f}"] for way, cost in costs.items()]
    for way, cost in (("katpkg", ours), ("its metadata", metadata)):
        words = (f"{way} / createrepo_c", f"{cost.cpu / theirs.cpu:.2f}x", f"{cost.wall / theirs.wall:.2f}x")
        rows.append(list(words))
    return page.markdown((f"one more than {number} {name}", "CPU s", "wall s"), rows)


def told(shapes: Sequence[Shape]) -> str:
    """What packages are like here, for who reads figures that depend on it."""
    files = [len(each.paths) for each in shapes]
    entries = [each.changelog.count("\n* ") + bool(each.changelog) for each in shapes]
    relations = mean(len(each.requires) for each in shapes)
    return (
        f"What dpkg has here is {len(shapes)} packages of {mean(files):.0f} files in the mean and {median(files):.0f} "
        f"in the median, with {relations:.1f} relations and {mean(entries):.1f} entries of a changelog each; "
        "the RPMs take after them in turn."
    )


if __name__ == "__main__":
    main()
