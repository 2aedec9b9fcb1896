"""What the verifiers of Debian 12 and 13 think of keys: algorithms, lengths, and how long they are good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.witness import Key

LEAST = timedelta(days=30)
"""A client's copy of the key decides, so the new one has to be there long before."""
SOON = timedelta(days=120)

REFUSED = re.compile(r"dsa\d*|elgamal\d*|brainpool.*")
"""Measured: apt 3.0 refuses them, and 2.6 does not."""
LEAST_RSA, GOOD_RSA = 2048, 3072
"""The first ends in 2030, and apt's own list for the future has none that is shorter than the second."""


def judge(key: Key, now: datetime) -> Iterator[tuple[Rule, str]]:
    """What is wrong with ``key``."""
    if key.expires is not None and key.expires - now < SOON:
        rule = Rule.KEY_EXPIRES if key.expires - now < LEAST else Rule.KEY_EXPIRES_SOON
        yield rule, f"the key expires on {key.expires:%Y-%m-%d}"
    length = int(key.algorithm.removeprefix("rsa")) if re.fullmatch(r"rsa\d+", key.algorithm) else GOOD_RSA
    if REFUSED.fullmatch(key.algorithm) or length < LEAST_RSA:
        yield Rule.KEY_REFUSED, f"Debian 13's apt refuses {key.algorithm}"
    elif length < GOOD_RSA:
        yield Rule.KEY_WEAK, f"{key.algorithm} is on its way out"
    if key.has_sha1:
        yield Rule.KEY_SHA1, "the key vouches for itself by SHA-1, which Debian 13's apt refuses"
