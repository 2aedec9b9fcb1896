"""Ctrl-C, SIGTERM, SIGKILL and a second katpkg, in the middle of a build: nothing half-done, nobody left running."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import make_tar
from tests.conftest import ROOT
from tests.integration.conftest import Small
from tests.trees import tree, unfinished

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("made")]

PATIENCE = 300


def begin(small: Small, *words: str) -> subprocess.Popen[str]:
    """katpkg, and no waiting for it."""
    environment = {
        **os.environ,
        "KATPKG_SIGNING_KEY_FILE": str(small.definition.secret_key),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "katpkg", "-C", small.definition.directory, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=small.root,
    )


def at_work(small: Small) -> Iterator[str]:
    """The programs that have to do with the archive: by what they were called with, or where they are."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(small.root) in f"{words} {place}":
            yield words


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def in_the_middle(small: Small) -> bool:
    """Whether dpkg-deb is packing."""
    return any("dpkg-deb" in words for words in at_work(small))


@pytest.fixture
def slow(small: Small) -> Small:
    """The small archive with a page that takes a while to pack."""
    make_tar(small.artifacts / "page-2.0.tar.gz", {"www/index.html": random.Random(1).randbytes(5_000_000)})
    small.definition.katpkg("fetch", "page")
    return small


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_its_children_and_leaves_nothing_half_done(how: signal.Signals, slow: Small) -> None:
    before = tree(slow.root)
    build = begin(slow, "build", "page", "--no-lintian")
    wait_until(lambda: in_the_middle(slow))
    build.send_signal(how)
    stdout, stderr = build.communicate(timeout=PATIENCE)
    assert build.returncode == 130
    assert "error: interrupted; nothing was left half-done" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    wait_until(lambda: not list(at_work(slow)))  # who was killed may need a moment to go
    assert tree(slow.root).keys() - before.keys() == {"packages", "packages/bookworm"}
    assert before.items() <= tree(slow.root).items()


def test_a_build_that_was_killed_is_done_anew_and_its_rubble_cleared_away(slow: Small) -> None:
    build = begin(slow, "build", "page", "--no-lintian")
    wait_until(lambda: in_the_middle(slow))
    build.kill()
    build.communicate(timeout=PATIENCE)
    assert list((slow.root / "packages/bookworm").iterdir()) == []
    assert unfinished(slow.root) != []
    wait_until(lambda: not list(at_work(slow)))
    slow.definition.edit("modules/page.toml", "[artifact]", '[artifact]\nversion = "1.0"')
    slow.definition.katpkg("fetch", "page")
    slow.definition.katpkg("build", "page", "--no-lintian")
    assert unfinished(slow.root) == []
    assert (slow.packages / "kat-page_1.0-1~deb12u1_all.deb").is_file()


def test_two_builds_at_once_do_no_harm_and_nothing_twice(small: Small) -> None:
    one = begin(small, "--json", "build", "page", "hello", "greeting", "--no-lintian")
    other = begin(small, "--json", "build", "web", "page", "--no-lintian")
    said = [json.loads(each.communicate(timeout=PATIENCE)[0]) for each in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    states = [row["state"] for each in said for row in each["packages"] if row["package"] == "kat-page"]
    assert sorted(states) == ["built", "kept"]
    assert unfinished(small.root) == []
    recorded = json.loads((small.packages / "built.json").read_text())["packages"]
    assert [each["fields"]["Package"] for each in recorded] == ["demo-greeting", "kat-hello", "kat-page", "kat-web"]
    assert len(list(small.packages.glob("*.deb"))) == 4
    small.definition.katpkg("publish")


def test_two_publishers_at_once_both_land(built: Small) -> None:
    other = built.copy(built.root.parent / "other")
    store = f'store = "{built.public}"'
    other.definition.edit("katpkg.toml", 'store = "../public"', store)
    make_tar(other.artifacts / "page-2.0.tar.gz", {"www/index.html": b"newer"})
    other.definition.katpkg("fetch", "page")
    other.definition.katpkg("build", "page", "--no-lintian")
    publishers = [begin(built, "publish"), begin(other, "publish")]
    for publisher in publishers:
        _, stderr = publisher.communicate(timeout=PATIENCE)
        assert publisher.returncode == 0, stderr
    pages = sorted(path.name for path in built.public.rglob("kat-page_*.deb"))
    assert pages == ["kat-page_1.0-1~deb12u1_all.deb", "kat-page_2.0-1~deb12u1_all.deb"]
    again = built.definition.katpkg("--json", "publish")
    assert json.loads(again.stdout)["writes"] == []
    again = other.definition.katpkg("--json", "publish")
    assert json.loads(again.stdout)["writes"] == []
