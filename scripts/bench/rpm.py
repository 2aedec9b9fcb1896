"""Publish one more RPM into a repository of thousands, and have createrepo_c do what it can of that.

createrepo_c keeps what it knows of files that have not changed (``--update``), signs nothing and
looks at no signature. It is called in two ways: as it is, which makes SQLite databases besides, and so that it makes
what katpkg makes, the same three files with gzip.
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

WAYS: dict[str, tuple[str, ...]] = {
    "createrepo_c --update": (),
    "the same without databases": ("--no-database", "--general-compress-type=gz", "--simple-md-filenames"),
}
"""What createrepo_c is told besides."""

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
    ways = {"katpkg": by_katpkg, "of it, metadata": by_plan, **{way: by_createrepo(way) for way in WAYS}}
    rounds = [{name: once(work, rpms[-1], way) for name, way in ways.items()} for _ in range(ROUNDS)]
    shutil.rmtree(work / "archive")
    return {name: middle([costs[name] for costs in rounds]) for name in ways}


def make_archive(directory: Path, rpms: Sequence[Path]) -> None:
    """The archive of ``rpms``, as katpkg publishes it, and createrepo_c's own metadata of the same files."""
    print(f"    publishing {len(rpms)} RPMs", file=sys.stderr)
    directory.mkdir()
    (directory / "katpkg.toml").write_text(DEFINITION)
    new = katpkg("key", "new", "--user-id", "b <b@example.org>", "--secret", "secret.asc")
    subprocess.run(new, cwd=directory, check=True, capture_output=True)
    with publisher_of(directory) as publisher:
        publisher.publish(publisher.repository.adding(map(package_of, rpms)))
    for way in WAYS:
        metadata_of(directory, way).mkdir()
        subprocess.run(createrepo(way, directory), check=True, capture_output=True)


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


def once(work: Path, one: Path, way: Callable[[Path, Path], Cost]) -> Cost:
    """What ``way`` costs in a copy of the archive."""
    copy = work / "round"
    subprocess.run(["cp", "--archive", "--link", work / "archive", copy], check=True)
    cost = way(copy, one)
    shutil.rmtree(copy)
    return cost


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


def by_createrepo(name: str) -> Callable[[Path, Path], Cost]:
    """createrepo_c with one more, in the way of that name."""

    def way(archive: Path, one: Path) -> Cost:
        shutil.copy(one, archive / "public/pool/el9/main/b" / one.name)
        return measure(createrepo(name, archive, "--update"), cwd=archive, env=environment(), log=archive / "log")

    return way


def katpkg(*words: str) -> list[str]:
    """A call of katpkg."""
    return [sys.executable, "-m", "katpkg", *words]


def createrepo(way: str, archive: Path, *words: str) -> list[str | Path]:
    """A call of createrepo_c in the way of that name."""
    return ["createrepo_c", *WAYS[way], *words, "--outputdir", metadata_of(archive, way), archive / "public/pool"]


def metadata_of(archive: Path, way: str) -> Path:
    """Where createrepo_c's own metadata lies, of the same files."""
    return archive / f"metadata-{list(WAYS).index(way)}"


def environment() -> dict[str, str]:
    """What both are told."""
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return {**paths, "KATPKG_SIGNING_KEY_FILE": "secret.asc"}


def table(name: str, number: int, costs: dict[str, Cost]) -> str:
    """What came of it."""
    rows = [[way, f"{cost.cpu:.3f}", f"{cost.wall:.2f}"] for way, cost in costs.items()]
    ours = costs["katpkg"]
    for way in WAYS:
        theirs = costs[way]
        rows.append([f"katpkg / {way}", f"{ours.cpu / theirs.cpu:.2f}x", f"{ours.wall / theirs.wall:.2f}x"])
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
