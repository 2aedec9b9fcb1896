"""Names: every string with a rule is refused when it breaks it, with the rule in the message."""

from __future__ import annotations

import re

import pytest

from katpkg.model.names import (
    AbsolutePath,
    AccountName,
    Architecture,
    Fingerprint,
    Line,
    ModuleName,
    Name,
    Network,
    PackageName,
    Sha256,
    SuiteName,
    UnitName,
    VariableName,
)

GOOD: list[tuple[type[Name], str]] = [
    (PackageName, "kat-kinto"),
    (PackageName, "libstdc++6"),
    (ModuleName, "xtdb-http-multinode"),
    (SuiteName, "bookworm-testing"),
    (Architecture, "kfreebsd-amd64"),
    (AccountName, "_apt"),
    (UnitName, "kat-web"),
    (VariableName, "DATABASE_URL"),
    (AbsolutePath, "/opt/venvs/kat-kinto"),
    (AbsolutePath, "/usr/share/.hidden/..dots"),
    (Sha256, "0" * 64),
    (Fingerprint, "ABCDEF0123" * 4),
    (Network, "172.17.0.0/16"),
    (Network, "fd00::/8"),
    (Line, ""),
    (Line, "een zin met één é"),
]

BAD: list[tuple[type[Name], str]] = [
    (PackageName, "K"),
    (PackageName, "a"),
    (PackageName, "../../evil"),
    (PackageName, "kat\n"),
    (ModuleName, "Kinto"),
    (SuiteName, "bookworm/"),
    (AccountName, "0kat"),
    (AccountName, "k" * 32),
    (UnitName, "kat.service"),
    (VariableName, "lower"),
    (AbsolutePath, "relative"),
    (AbsolutePath, "/"),
    (AbsolutePath, "/a/../b"),
    (AbsolutePath, "/a/."),
    (AbsolutePath, "/a//b"),
    (AbsolutePath, "/a/"),
    (AbsolutePath, "/a\nb"),
    (Network, "docker0"),
    (Network, "172.17.0.0/16 10.0.0.0/8"),
    (Sha256, "A" * 64),
    (Fingerprint, "01234567"),
    (Line, "two\nlines"),
    (Line, "nul\x00"),
    (Line, "c1\x85"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_good_name_is_itself(kind: type[Name], text: str) -> None:
    assert kind(text) == text


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_a_bad_name_is_refused_with_the_rule(kind: type[Name], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(kind.rule)):
        kind(text)
