"""The tools that are compared, and what each must have done to count."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.bench.archive.packages import VERSIONS
from scripts.bench.archive.scratch import Scratch
from scripts.bench.measure import MEGABYTE, Cost, measure

HERE = Path(__file__).parent
PROGRAM = HERE.parent.parent.parent / ".venv/bin/katpkg"
ARCHITECTURES = ("amd64", "arm64")
OPERATIONS = {"create": "create", "plus": "add one", "rm": "remove one"}
"""The verbs of all drivers, and what they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A way to make an archive."""

    name: str
    driver: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    versions: int = VERSIONS
    """Of each package in what it publishes."""
    published: str = "pub"
    """The archive, below the working directory."""

    def work(self, scratch: Scratch) -> Path:
        """Its working directory."""
        return scratch.work / self.name.replace(" ", "-").replace(",", "")

    def archive(self, scratch: Scratch) -> Path:
        """What it published."""
        return self.work(scratch) / self.published

    def run(self, verb: str, scratch: Scratch, number: int, plus: int = 0) -> Cost:
        """Prepare, then carry out ``verb`` on an archive of ``number`` packages. Raises RuntimeError."""
        self.call(f"prep_{verb}", scratch, number, plus)
        return self.call(verb, scratch, number, plus)

    def call(self, verb: str, scratch: Scratch, number: int, plus: int = 0) -> Cost:
        """Carry out ``verb`` alone. Raises RuntimeError."""
        data, one = scratch.packages(number, versions=self.versions), scratch.plus(plus)
        return cost([self.driver, verb, data, one, self.work(scratch)], scratch, self.environment)

    def keep(self, scratch: Scratch) -> None:
        """What was made is where later runs begin."""
        work = self.work(scratch)
        base = work.with_name(f"{work.name}.base")
        shutil.rmtree(base, ignore_errors=True)
        work.rename(base)


def cost(command: list[str | Path], scratch: Scratch, environment: Mapping[str, str]) -> Cost:
    """Run ``command``. Raises RuntimeError when it fails.

    GNU time reports the memory: a process inherits the peak of the one that started it, and that is large here.
    """
    peak = scratch.path / "peak"
    timed: list[str | Path] = ["/usr/bin/time", "--quiet", "--format=%M", f"--output={peak}", *command]
    found = measure(timed, cwd=scratch.path, env={**scratch.environment, **environment}, log=scratch.log)
    return replace(found, largest=int(peak.read_text()) * 1024 / MEGABYTE)


def check(tool: Tool, verb: str, scratch: Scratch, number: int) -> None:
    """Raise RuntimeError when what ``tool`` published is not what the others did, or is not signed."""
    found = _stanzas(tool.archive(scratch))
    data = scratch.packages(number, versions=tool.versions)
    files = [path.stem.rpartition("_")[2] for path in data.rglob("*.deb")]
    expected = {each: files.count(each) + files.count("all") for each in ARCHITECTURES}
    expected["amd64"] += {"create": 0, "plus": 1, "rm": -1}[verb]
    if found != expected and not (verb == "rm" and found == {**expected, "arm64": expected["arm64"] - 1}):
        raise RuntimeError(f"{tool.name} published {found} packages, not {expected}")
    inrelease = tool.archive(scratch) / "dists/stable/InRelease"
    subprocess.run(["gpgv", "--quiet", "--keyring", scratch.keyring, inrelease], check=True, capture_output=True)


def plain_index(archive: Path, architecture: str) -> bytes:
    """The index of an architecture, as published."""
    return gzip.decompress((archive / f"dists/stable/main/binary-{architecture}/Packages.gz").read_bytes())


def _stanzas(archive: Path) -> dict[str, int]:
    return {each: f"\n{plain_index(archive, each).decode()}".count("\nPackage: ") for each in ARCHITECTURES}


KATPKG = Tool(name="katpkg", driver=HERE.parent / "katpkg.sh")
APTLY = Tool(name="aptly", driver=HERE / "peers/aptly.sh", published="public")
FTPARCHIVE = Tool(name="apt-ftparchive", driver=HERE / "peers/apt-ftparchive.sh")
REPREPRO = Tool(name="reprepro", driver=HERE / "peers/reprepro.sh", versions=1)
REPREPRO_GZ = replace(REPREPRO, name="reprepro, gz only", environment={"FORMS": ".gz"})
TOOLS = (KATPKG, APTLY, FTPARCHIVE, REPREPRO, REPREPRO_GZ)
