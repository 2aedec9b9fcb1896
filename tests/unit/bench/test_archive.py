"""What the comparison of archive tools stands on: true packages, true counts, and no target met by what was not run."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from katpkg.packages.deb.inspect import read_deb
from scripts.bench.archive.packages import samples, write_samples
from scripts.bench.archive.requests import Span, round_trips
from scripts.bench.archive.results import Results, judge
from scripts.bench.archive.rounds import exponent
from scripts.bench.archive.scratch import Scratch
from scripts.bench.archive.tools import FTPARCHIVE, KATPKG
from scripts.bench.archive.trace import READS, VERIFIERS, bytes_read, signature_checks, trace
from scripts.bench.measure import Cost
from scripts.bench.tables import Target


def span(began: float, ended: float, query: str = "", method: str = "GET") -> Span:
    return Span(method=method, path="/bucket", query=query, began=began, ended=ended)


def cost(cpu: float) -> Cost:
    return Cost(cpu=cpu, wall=cpu, largest=50, together=60)


def found(results: Results, what: str) -> Target:
    (target,) = (target for target in judge(results) if target.what == what)
    return target


def test_packages_are_as_many_as_were_asked_for_and_all_different(tmp_path: Path) -> None:
    write_samples(tmp_path, 100)
    packages = [read_deb(path) for path in tmp_path.rglob("*.deb")]
    assert len({package.digest for package in packages}) == 100
    assert len({(package.name, package.version, package.architecture) for package in packages}) == 100
    assert {package.path.name for package in packages} == {package.filename for package in packages}


def test_packages_are_the_same_whenever_they_are_made() -> None:
    first, second = (list(islice(samples(), 40)) for _ in range(2))
    assert [(each.path, each.control, each.files()) for each in first] == [
        (each.path, each.control, each.files()) for each in second
    ]


def test_one_version_of_each_is_what_some_tools_keep() -> None:
    chosen = list(islice(samples(versions=1), 100))
    assert len({(each.name, each.architecture) for each in chosen}) == 100


@pytest.mark.integration
def test_dpkg_unpacks_a_package(tmp_path: Path) -> None:
    write_samples(tmp_path / "made", 1)
    (path,) = (tmp_path / "made").rglob("*.deb")
    subprocess.run(["dpkg-deb", "--raw-extract", path, tmp_path / "unpacked"], check=True)
    subprocess.run(["md5sum", "--check", "--strict", "DEBIAN/md5sums"], cwd=tmp_path / "unpacked", check=True)
    (sample,) = islice(samples(), 1)
    assert (tmp_path / "unpacked/DEBIAN/control").read_text() == sample.control


def test_requests_under_way_at_once_are_one_round_trip() -> None:
    assert round_trips([span(0, 2), span(1, 3), span(0.5, 1.9)]) == 1


def test_requests_that_wait_for_each_other_are_as_many_round_trips() -> None:
    assert round_trips([span(4, 5), span(0, 1), span(1, 2), span(0, 5), span(2, 3)]) == 4


def test_no_request_is_no_round_trip() -> None:
    assert round_trips([]) == 0


@pytest.mark.parametrize(
    ("query", "method", "is_list"),
    [
        ("list-type=2&prefix=pool", "GET", True),
        ("prefix=", "GET", True),
        ("", "GET", False),
        ("x-id=PutObject", "PUT", False),
    ],
)
def test_a_request_for_what_is_in_a_bucket_is_told_from_others(query: str, method: str, is_list: bool) -> None:  # noqa: FBT001
    assert span(0, 1, query, method).is_list is is_list


def test_growth_is_the_exponent_from_the_fewest_to_the_most() -> None:
    assert exponent({100: 1.0, 1_000: 7.0, 10_000: 10.0}) == pytest.approx(0.5)
    assert math.isnan(exponent({100: 1.0}))


@pytest.mark.integration
def test_every_byte_read_of_a_package_counts_whichever_process_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "some.deb"
    path.write_bytes(bytes(300_000))
    (tmp_path / "other").write_bytes(bytes(5_000))
    lines = trace(["sh", "-c", f"cat {path} {tmp_path}/other; cat {path} & wait"], Scratch(path=tmp_path), READS)
    assert bytes_read(lines) == 600_000


@pytest.mark.integration
def test_a_program_that_checks_signatures_counts_each_time_it_is_started(tmp_path: Path) -> None:
    command = "gpgv --version; gpg --version; gpgv --version | cat; true gpgv"
    lines = trace(["sh", "-c", command], Scratch(path=tmp_path), ["execve"])
    assert signature_checks(lines) == 2
    assert "gpgv" in VERIFIERS


@pytest.mark.integration
def test_a_command_that_fails_is_not_counted_as_one_that_did_nothing(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        trace([sys.executable, "-c", "raise SystemExit(3)"], Scratch(path=tmp_path), ["execve"])


def test_what_was_not_measured_is_missed_and_says_so() -> None:
    targets = judge(Results(numbers=(1_000, 50_000), costs={}, buckets=(None,)))
    assert len(targets) > 15
    assert not any(target.is_met for target in targets)
    assert {tuple(target.row()[2:]) for target in targets} == {("not measured", "MISSED")}


@pytest.mark.parametrize(("ours", "met"), [(5.0, True), (5.1, False)])
def test_katpkg_is_held_against_the_peer_that_the_target_names(ours: float, met: bool) -> None:  # noqa: FBT001
    costs = {(KATPKG.name, "create", 50_000): cost(ours), (FTPARCHIVE.name, "create", 50_000): cost(10.0)}
    results = Results(numbers=(50_000,), costs=costs)
    assert found(results, "create at 50,000, CPU against apt-ftparchive").is_met is met


def test_targets_of_a_size_that_was_not_asked_for_are_left_out() -> None:
    assert not any("50,000" in target.what for target in judge(Results(numbers=(1_000,), costs={})))


def test_growth_needs_every_size() -> None:
    costs = {(KATPKG.name, "plus", 1_000): cost(1.0), (KATPKG.name, "plus", 10_000): cost(1.0)}
    what = "growth of add one from 1,000 to {}, exponent"
    assert found(Results(numbers=(1_000, 10_000), costs=costs), what.format("10,000")).is_met
    assert not found(Results(numbers=(1_000, 10_000, 50_000), costs=costs), what.format("50,000")).is_met
