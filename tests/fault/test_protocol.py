"""Every interleaving of publishers, a janitor and a reader keeps every promise; and each rule is needed for that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fault.protocol import BEGIN, SAFE, Actor, Janitor, Publisher, Reader, Violation, explore

CASTS: dict[str, tuple[Actor, ...]] = {
    "two publishers": (Publisher("a"), Publisher("b")),
    "two publishers and a reader": (Publisher("a"), Publisher("b"), Reader()),
    "two publishers and a janitor": (Publisher("b"), Publisher("c"), Janitor()),
}


@pytest.mark.parametrize("cast", CASTS)
def test_no_interleaving_breaks_a_promise(cast: str) -> None:
    assert explore(CASTS[cast], BEGIN) > 100


@pytest.mark.parametrize(
    ("rule", "cast", "broken"),
    [
        ("commit_is_conditional", "two publishers", "what was acknowledged is not published"),
        ("copies_are_conditional", "two publishers", "the copies are not those of the newest"),
        ("signature_is_conditional", "two publishers", "the copies are not those of the newest"),
        ("copies_are_checked", "two publishers", "the copies are not those of the newest"),
        ("reused_is_renewed", "two publishers and a janitor", "is not there"),
        ("pool_comes_first", "two publishers and a reader", "is not there"),
    ],
)
def test_each_rule_is_needed(rule: str, cast: str, broken: str) -> None:
    with pytest.raises(Violation, match=broken):
        explore(CASTS[cast], BEGIN, replace(SAFE, **{rule: False}))
