"""What is remembered, and by whom: one at a time, whole or not at all."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from threading import Event, Thread

import pytest

from katctl import files
from katctl.cli import describe as described
from katctl.errors import StepFailed, of_the_system
from katctl.state import Failure, Memory, State, Upgrade


def test_what_is_remembered_survives_and_is_changed_in_one_step(tmp_path: Path) -> None:
    memory = Memory(tmp_path, print)
    assert memory.state == State()
    memory.change(upgrade=Upgrade(backup="/x.tar", versions={"kat-web": "1"}), failure=Failure(step="s", message="m"))
    memory.change(failure=None, enabled=("kat-web.service",))
    assert Memory(tmp_path, print).state == State(
        upgrade=Upgrade(backup="/x.tar", versions={"kat-web": "1"}), enabled=("kat-web.service",)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_damaged_state_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    for content in ("", "{half"):
        (tmp_path / "state.json").write_text(content)
        with pytest.raises(StepFailed, match="what set-up remembers is damaged") as caught:
            Memory(tmp_path, print).change(failure=None)
        assert caught.value.hint == (
            f"rm {tmp_path}/state.json && katctl setup; what is done for new data alone is then done again"
        )
        assert (tmp_path / "state.json").read_text() == content


def test_a_disk_that_takes_no_more_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    files.write(tmp_path / "x", "before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            files.write(tmp_path / "x", "y" * 9000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("x", "before")]
    told = of_the_system(caught.value, "configuration")
    assert described(told).splitlines() == [
        "error: File too large",
        "   in: configuration",
        " hint: mend that, then call it again",
    ]


def test_the_second_of_two_waits_for_the_first_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["katctl", "backup", "x.tar"])
    order: list[str] = []
    waits = Event()

    def tell(line: str) -> None:
        order.append(line)
        waits.set()

    def second() -> None:
        with Memory(tmp_path, tell).alone():
            order.append("second")

    thread = Thread(target=second)
    with Memory(tmp_path, tell).alone():
        thread.start()
        assert waits.wait(10)
        order.append("first")
    thread.join()
    assert order == [f"waiting for another one to end: katctl backup x.tar (process {os.getpid()})", "first", "second"]
