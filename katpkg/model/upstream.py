"""Upstream versions: from Python's order (PEP 440) to dpkg's (deb-version(7)).

The two orders differ in what dpkg would sort the wrong way round if it were pasted; each is spelled anew:

    PEP 440         here            because in dpkg's order
    1.0.dev3        1.0~~dev3       ~~ sorts before ~, which sorts before the end
    1.0a1, b1, rc2  1.0~a1, ~rc2    ~ sorts before the end
    1.0.post1       1.0post1        a letter sorts after the end and before the next dot
    1!1.0           1:1.0           an epoch is an epoch
    1.0+local       1.0             the local part names a build, not a version; it goes to the changelog

No version of ours contains a plus sign: plain HTTP clients and S3 disagree on what it means in a path.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import InvalidVersion
from packaging.version import Version as PythonVersion

from katpkg.model.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An upstream version in dpkg's spelling, and the local part that was left out of it."""

    version: Version
    local: str = ""


def translate(text: str) -> Upstream:
    """The upstream version ``text`` in dpkg's spelling; see the table above.

    Takes PEP 440's spelling, a leading ``v`` and the half-translated ``1.20.0~rc2`` that upstream's own packages
    carry. What is no PEP 440 version at all is taken as it is when dpkg takes it and nobody could take a part of it
    for a revision. Raises ValueError.
    """
    if text != text.strip():
        raise ValueError(f"{text!r} is no version: there is white space around it")
    try:
        parsed = PythonVersion(text.replace("~", ""))
    except InvalidVersion:
        return Upstream(version=_plain(text))
    parts = [f"{parsed.epoch}:" if parsed.epoch else "", ".".join(map(str, parsed.release))]
    if parsed.pre is not None:
        parts.append(f"~{parsed.pre[0]}{parsed.pre[1]}")
    if parsed.post is not None:
        parts.append(f"post{parsed.post}")
    if parsed.dev is not None:
        parts.append(f"~~dev{parsed.dev}")
    return Upstream(version=Version("".join(parts)), local=parsed.local or "")


def sorts_after_its_release(text: str) -> bool:
    """Whether ``text`` is a pre-release in Python's spelling, which dpkg would take for newer than its release."""
    try:
        return "~" not in text and PythonVersion(text).pre is not None
    except InvalidVersion:
        return False


def _plain(text: str) -> Version:
    if "-" in text or "+" in text:
        raise ValueError(f"{text!r} is neither a PEP 440 version nor free of + and -")
    return Version(text)
