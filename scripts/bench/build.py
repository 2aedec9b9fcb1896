"""Build one wheel artifact with katpkg and with dh-virtualenv, and compare.

Both compress alike and take the same wheels from the same directory, so that no network is part of it; both start
without a cache and work in memory, so that no disk is. The exit status is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from katpkg.model.target import Compression
from katpkg.packages.deb.debianize import BUILDDEB
from scripts.bench import page
from scripts.bench.dh_virtualenv import PACKAGE, UNCHANGED, write_source
from scripts.bench.measure import MEGABYTE, Cost, measure, middle
from scripts.bench.tables import Figures, Target, as_markdown, show

ROOT = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = ROOT / "build" / "demo" / "artifacts"
BENCH = ROOT / "build" / "bench" / "build"
DEFINITION = BENCH / "definition"
WHEELS = BENCH / "wheels"
INDEX = BENCH / "index"
LOCK = BENCH / "artifact" / "requirements-3.11.txt"

MEMORY = Path("/dev/shm")  # noqa: S108
"""Creating files costs several times as much on some disks, and most after many were removed."""

TOOLS = ("dpkg", "debhelper", "dh-virtualenv", "virtualenv", "python3-pip")


KATPKG, DH, DH_UNCHANGED = "katpkg", "dh-virtualenv", "dh-virtualenv, wheels unchanged"

Build = Callable[[Path], tuple[Cost, Path]]


def main() -> None:
    """Prepare, measure in turn, compare."""
    parser = argparse.ArgumentParser(prog="make bench-build", description="compare katpkg with dh-virtualenv")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=MEMORY, help="where to work (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="katpkg-bench-", dir=arguments.directory) as directory:
        work = Path(directory) / "work"
        prepare(work)
        figures = compare(arguments.rounds, work)
    targets = judge(figures)
    show(figures, targets)
    if arguments.write:
        said = f"{page.machine(TOOLS)}Medians of {arguments.rounds} rounds.\n\n"
        page.write("building", said + as_markdown(figures, targets))
    if not all(target.is_met for target in targets):
        raise SystemExit(1)


def prepare(work: Path) -> None:
    """Bring together what all builds take: artifact, wheels, and a definition that builds in ``work``."""
    print("==> artifact and wheels", file=sys.stderr)
    shutil.rmtree(BENCH, ignore_errors=True)
    BENCH.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "scripts.demo.artifacts", ARTIFACTS], cwd=ROOT, check=True)
    with zipfile.ZipFile(next(ARTIFACTS.glob("kinto-*.zip"))) as archive:
        archive.extractall(LOCK.parent)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command = [*pip, "--only-binary", ":all:", "--requirement", LOCK, "--dest", WHEELS]
    with (BENCH / "pip.log").open("wb") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
    write_index()
    write_definition(work)


def write_index() -> None:
    """Offer the wheels as an index (PEP 503), for uv."""
    for wheel in sorted(WHEELS.glob("*.whl")):
        project = INDEX / canonicalize_name(wheel.name.split("-")[0])
        project.mkdir(parents=True)
        (project / wheel.name).hardlink_to(wheel)
        (project / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>\n')


def write_definition(work: Path) -> None:
    """Copy the demo's definition, with zstd, and lock its artifact."""
    shutil.copytree(ROOT / "tests" / "demo", DEFINITION, ignore=shutil.ignore_patterns("katpkg.lock"))
    path = DEFINITION / "katpkg.toml"
    text = path.read_text().replace("../../build/demo/artifacts", str(ARTIFACTS))
    text = text.replace("../../build/demo/keys", str(BENCH / "keys")).replace("../../build/demo", str(work))
    path.write_text(re.sub(r"(?m)^\[build\]$", '[build]\ncompression = "zstd"', text))
    user = ("--user-id", "katpkg demo <demo@example.org>")
    for words in (("key", "new", *user, "--secret", str(BENCH / "keys" / "secret.asc")), ("fetch", "kinto")):
        command = (sys.executable, "-m", "katpkg", "-C", str(DEFINITION), *words)
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def compare(rounds: int, work: Path) -> dict[str, Figures]:
    """Build in turn, ``rounds`` times, each in ``work`` made anew."""
    builds: Mapping[str, Build] = {
        KATPKG: by_katpkg,
        DH_UNCHANGED: partial(by_dh_virtualenv, UNCHANGED),
        DH: partial(by_dh_virtualenv, ()),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in builds}
    sizes: dict[str, float] = {}
    for number in range(1, rounds + 1):
        print(f"==> round {number} of {rounds}", file=sys.stderr)
        for name, build in builds.items():
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            cost, path = build(work)
            print(f"    {name}: {cost.cpu:.1f} CPU s", file=sys.stderr)
            costs[name].append(cost)
            sizes[name] = path.stat().st_size / MEGABYTE
    return {name: Figures(cost=middle(costs[name]), size=sizes[name]) for name in builds}


def by_katpkg(work: Path) -> tuple[Cost, Path]:
    """What a user of katpkg does."""
    command: list[str | Path] = [sys.executable, "-m", "katpkg", "-C", DEFINITION, "build", "kinto", "--no-lintian"]
    uv = {"UV_DEFAULT_INDEX": INDEX.as_uri(), "UV_CACHE_DIR": str(work / "uv"), "UV_OFFLINE": "1"}
    log = BENCH / "katpkg.log"
    cost = measure([*command, "--target", "bookworm"], cwd=ROOT, env=environment(work) | uv, log=log)
    return cost, next((work / "packages").rglob("*.deb"))


def by_dh_virtualenv(skipped: tuple[str, ...], work: Path) -> tuple[Cost, Path]:
    """What a user of dh-virtualenv does."""
    source = work / "source"
    write_source(source, LOCK, WHEELS, " ".join(BUILDDEB[Compression.ZSTD]), skipped=skipped)
    command = ["dpkg-buildpackage", "--build=binary", "--unsigned-changes"]
    cost = measure(command, cwd=source, env=environment(work), log=BENCH / "dh-virtualenv.log")
    return cost, next(work.glob(f"{PACKAGE}_*.deb"))


def environment(work: Path) -> dict[str, str]:
    """What all of them are told: nothing of who runs this."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": str(work),
        "TMPDIR": str(work),
    }


def judge(figures: Mapping[str, Figures]) -> list[Target]:
    """What was promised, against a package of the same files: only that tells what the tools cost."""
    ours, theirs = figures[KATPKG], figures[DH_UNCHANGED]
    return [
        Target(what="CPU", limit=0.5, found=ours.cost.cpu / theirs.cost.cpu, unit="x"),
        Target(what="size of the .deb", limit=0.65, found=ours.size / theirs.size, unit="x"),
        Target(what="memory of one build", limit=300, found=max(ours.cost.largest, ours.cost.together), unit="MB"),
    ]


if __name__ == "__main__":
    main()
