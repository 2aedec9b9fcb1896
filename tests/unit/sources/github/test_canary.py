"""Whatever is done to the tests' GitHub is done in a cage; here it is shown that nothing gets out of that unseen."""

from __future__ import annotations

import base64
import logging
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.github.canary import CANARY, REVOKED, caged, tells
from tests.github.hub import CONTENT, Hub
from tests.github.server import GitHub
from tests.github.world import World

Leak = Callable[[GitHub, Path], object]


def ask(url: str, **headers: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        answer.read()


def to_storage(github: GitHub, _: Path) -> None:
    github.files["/there"] = github.world.repositories["acme/web"].stored[1]
    ask(f"{github.storage}/there", Cookie=CANARY)


LEAKS: dict[str, Leak] = {
    "a file": lambda _, root: (root / "netrc").write_text(f"password {CANARY}"),
    "the name of a file": lambda _, root: (root / CANARY).write_text(""),
    "a file that says it in base64": lambda _, root: (root / "config").write_bytes(
        base64.b64encode(f"x-access-token:{CANARY}".encode())
    ),
    "a log": lambda *_: logging.getLogger("urllib3").debug("Authorization: %s", REVOKED),
    "an address": lambda github, _: ask(f"{github.api}/rate_limit?token={CANARY}"),
    "another host": to_storage,
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_token_that_gets_out_is_seen(leak: Leak, tmp_path: Path) -> None:
    world = World()
    repository = world.repository("acme/web")
    repository.tag("v1.0")
    repository.artifact(repository.run("v1.0"), "web-1.0.zip", CONTENT)
    repository.stored[1] = next(iter(repository.stored.values()))
    with GitHub(world, checked=False) as github:
        with caged(github, tmp_path):
            ask(f"{github.api}/rate_limit", Authorization=f"Bearer {CANARY}")
        with pytest.raises(AssertionError), caged(github, tmp_path):
            leak(github, tmp_path)


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", "x-access-token:"])
def test_base64_does_not_hide_one(before: str) -> None:
    assert tells(base64.b64encode(f"{before}{CANARY}, and more".encode()))
    assert not tells(base64.b64encode(f"{before}ghs_another_0123456789abcdef".encode()))


def test_a_request_that_has_the_token_is_heard_with_it(hub: Hub) -> None:
    hub.get(hub.resolve())
    heard = [each for each in hub.github.heard if each.host == "api"]
    assert heard
    assert all(tells(str(each)) for each in heard)
