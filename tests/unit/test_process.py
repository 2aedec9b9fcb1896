"""Running programs: what they may know, how they fail, and that none outlives us."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from katpkg import process
from katpkg.errors import ToolError


def test_a_program_is_told_nothing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATPKG_SIGNING_KEY", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("UV_CACHE_DIR", "/var/cache/uv")
    seen = process.run(["env"]).text
    assert "canary" not in seen
    assert "UV_CACHE_DIR=/var/cache/uv" in seen
    assert "LC_ALL=C.UTF-8" in seen
    assert "TZ=UTC" in seen


def test_a_missing_program_says_what_to_install() -> None:
    with pytest.raises(process.ToolMissing) as caught:
        process.run(["no-such-program"])
    assert caught.value.message == "no-such-program is not installed"
    assert caught.value.hint == "apt install no-such-program"


def test_a_program_is_looked_for_before_work_begins() -> None:
    process.require("sh")
    with pytest.raises(process.ToolMissing, match="rpmbuild-of-another-world"):
        process.require("rpmbuild-of-another-world")


def test_a_missing_working_directory_is_not_taken_for_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        process.run(["true"], cwd=tmp_path / "gone")


def test_a_failure_carries_the_end_of_what_was_said() -> None:
    with pytest.raises(process.ToolFailed) as caught:
        process.run(["sh", "-c", "seq 100; echo why >&2; exit 3"])
    assert caught.value.message == "sh failed with status 3"
    assert caught.value.details is not None
    assert caught.value.details.endswith("why")
    assert caught.value.details.count("\n") < 30


def test_some_statuses_are_no_failure() -> None:
    assert process.run(["sh", "-c", "exit 1"], accept=(0, 1)).status == 1


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    for patience in (0.2, 2, 20):
        with pytest.raises(ToolError, match=rf"sh gave no answer within {patience} seconds"):
            process.run(["sh", "-c", f"sleep 600 & echo $! > {pid_file}; wait"], timeout=patience)
        if pid_file.is_file() and pid_file.read_text():  # it came to that, on a machine that is busy
            break
    assert ended(int(pid_file.read_text()))


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Forgets that all were stopped."""

    def anew() -> None:
        monkeypatch.setattr(process, "_stopped", threading.Event())

    return anew


def test_when_all_are_stopped_no_program_goes_on_that_was_just_starting(stopping: Callable[[], None]) -> None:
    began = time.monotonic()
    for number in range(20):  # one round in three found the gap that once was here
        stopping()
        with ThreadPoolExecutor(4) as pool:
            ends = [pool.submit(process.run, ["sleep", "60"]) for _ in range(4)]
            time.sleep(number % 5 * 0.002)
            process.stop_all()
        assert all(isinstance(end.exception(), ToolError) for end in ends)
    assert time.monotonic() - began < 60


def test_stopping_bears_with_a_program_that_has_just_ended(stopping: Callable[[], None]) -> None:
    for _ in range(20):
        stopping()
        with ThreadPoolExecutor(4) as pool:
            ends = [pool.submit(process.run, ["true"]) for _ in range(4)]
            while not all(end.done() for end in ends):  # so that the threads which saw it end cannot say so
                process.stop_all()
        assert all(isinstance(end.exception(), ToolError | None) for end in ends)


def test_surroundings_change_for_a_while() -> None:
    with process.surroundings(process.UNUSUAL):
        assert process.run(["sh", "-c", "umask; echo $TZ"]).text.split() == ["0077", "Pacific/Kiritimati"]
    assert process.run(["sh", "-c", "umask; echo $TZ"]).text.split() == ["0022", "UTC"]


def ended(pid: int) -> bool:
    for _ in range(50):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False
