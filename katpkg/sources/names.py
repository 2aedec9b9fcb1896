"""The names of artifacts: what a rule describes for a target, and the version that a name tells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from katpkg.model.target import Target


def fill(name: str, target: Target) -> str:
    """``name`` with all its placeholders but {version} filled in for ``target``."""
    values = {
        "codename": target.codename,
        "distribution": target.release.distribution,
        "release": target.release.version,
        "architecture": target.architecture,
    }
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), name)


def name_pattern(name: str, target: Target) -> re.Pattern[str]:
    """What names of the form ``name`` look like for ``target``; the group ``version`` is in it at most once.

    A version begins with a digit, so that web-{version}.zip does not mean web-extra-1.0.zip too.
    """
    before, found, after = fill(name, target).partition("{version}")
    if not found:
        return re.compile(re.escape(before))
    return re.compile(f"{re.escape(before)}(?P<version>v?[0-9][^/]*){re.escape(after)}")


def nearest(name: str, there: Iterable[str]) -> str | None:
    """That of the names ``there`` that looks most like ``name``; None when none does."""
    return next(iter(difflib.get_close_matches(name, list(there), n=1, cutoff=0.5)), None)
