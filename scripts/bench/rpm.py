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

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = 5000
ROUNDS = 5
TOGETHER = 250
"""Packages of one spec file."""
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

SPEC = """\
Name: bench
Version: 1.0
Release: 1.el9
Summary: many things
License: MIT
BuildArch: noarch
AutoReqProv: no
%description
Things.
{packages}
%install
mkdir -p %{{buildroot}}/usr/share/bench
cd %{{buildroot}}/usr/share/bench
for each in $(seq --format %04g {first} {last}); do echo $each >$each; done
{files}
"""
PACKAGE = """\
%package -n bench-{number:04}
Summary: thing number {number}
Requires: bash
%description -n bench-{number:04}
A thing of many.
"""
FILES = "%files -n bench-{number:04}\n/usr/share/bench/{number:04}\n"
OPTIONS = (
    "_build_name_fmt %%{NVRA}.rpm",
    "_binary_payload w1.gzdio",
    "debug_package %{nil}",
    "__os_install_post %{nil}",
)


class Unsigned:
    """Takes packages as they are: signing thousands would take most of an hour, and is not what is measured."""

    def sign_package(self, package: BinaryPackage) -> Path:
        """The file itself."""
        return package.path


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=PACKAGES)
    parser.add_argument("--directory", type=Path, help="where to work; default: in memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-rpm-", dir=options.directory or MEMORY) as directory:
        work = Path(directory)
        *many, one = make_rpms(work / "rpms", options.packages + 1)
        make_archive(work / "archive", many)
        ways = {"katpkg": by_katpkg, "of it, metadata": by_plan, "createrepo_c --update": by_createrepo}
        costs = {name: rounds(work, one, way) for name, way in ways.items()}
    report(options.packages, costs)


def make_rpms(directory: Path, number: int) -> list[Path]:
    """That many small RPMs."""
    print(f"    making {number} RPMs", file=sys.stderr)
    directory.mkdir()
    for first in range(0, number, TOGETHER):
        _make_rpms(directory, first, min(first + TOGETHER, number))
    return sorted((directory / "made").iterdir())


def _make_rpms(directory: Path, first: int, end: int) -> None:
    """Those with the numbers from ``first`` on, from one spec file."""
    spec = directory / "bench.spec"
    parts = {"packages": PACKAGE, "files": FILES}
    texts = {name: "".join(text.format(number=each) for each in range(first, end)) for name, text in parts.items()}
    spec.write_text(SPEC.format(first=first, last=end - 1, **texts))
    places = (f"_topdir {directory}/top", f"_rpmdir {directory}/made", f"_dbpath {directory}/database")
    definitions = [word for each in (*OPTIONS, *places) for word in ("--define", each)]
    command: list[str | Path] = ["rpmbuild", "-bb", "--nodeps", *definitions, spec]
    subprocess.run(command, check=True, capture_output=True)


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
        path=path,
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


def report(number: int, costs: dict[str, Cost]) -> None:
    """Print the table, and write it to the page."""
    ours, metadata, theirs = costs.values()
    rows = [
        [name, f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.largest:.0f}" if cost.largest else ""]
        for name, cost in costs.items()
    ]
    for name, cost in (("katpkg", ours), ("its metadata", metadata)):
        words = (f"{name} / createrepo_c", f"{cost.cpu / theirs.cpu:.2f}x", f"{cost.wall / theirs.wall:.2f}x", "")
        rows.append(list(words))
    table = page.markdown((f"one more than {number}", "CPU s", "wall s", "largest process MB"), rows)
    print(table)
    page.write("rpm", f"{page.machine(['createrepo-c', 'rpm', 'gnupg'])}\n{table}")


if __name__ == "__main__":
    main()
