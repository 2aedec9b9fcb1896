"""InRelease, Release and Release.gpg: signed by the key that clients have, and of one mind."""

from __future__ import annotations

import re

from katpkg.errors import KatpkgError, SigningError
from katpkg.repository.apt.check import policy
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite
from katpkg.repository.clearsigned import BEGIN, ClearSigned, covered

ARMOR = b"-----BEGIN PGP SIGNATURE-----"
FIELD = re.compile(rb"^[A-Za-z][A-Za-z0-9-]*:", re.MULTILINE)
MAX_AGE = re.compile(r"max-age=(\d+)")
LONG = 60
"""Seconds that InRelease may be kept without asking."""


def check_signatures(suite: Suite, inrelease: bytes | None) -> bytes | None:
    """The text of Release, to be looked at further: signed if that can be, else as it is; None when there is none."""
    release, signature = suite.read("Release"), suite.read("Release.gpg")
    if inrelease is None:
        return _without_inrelease(suite, release, signature)
    text = _check_inrelease(suite, inrelease)
    if release is not None and covered(release) != covered(text):
        suite.tell(Rule.RELEASE_DIFFERS, "Release", "it is not the text that InRelease signs")
    for name, content in (("Release", release), ("Release.gpg", signature)):
        if content is None and not suite.has_failed(name):
            suite.tell(Rule.RELEASE_MISSING, name, f"there is no {name}, which old clients ask for")
    if release is not None and signature is not None:
        _check_detached(suite, release, signature, Rule.RELEASE_GPG_WRONG)
    return text


def _check_inrelease(suite: Suite, inrelease: bytes) -> bytes:
    control = suite.archive.cache_control(suite.name, suite.key("InRelease"))
    if control is not None and _is_kept_too_long(control):
        suite.tell(Rule.CACHED_TOO_LONG, "InRelease", f"clients and caches are told to keep it: {control}")
    if BEGIN in inrelease:
        try:
            ClearSigned.parse(inrelease)
        except ValueError as error:
            suite.tell(Rule.CLEAR_SIGNED_FORM, "InRelease", str(error))
            return _unverified(inrelease)
    try:
        found = suite.witness.judge(inrelease, suite.where("InRelease"))
    except KatpkgError as error:  # also a gpgv that is not installed or gives no answer
        suite.tell(Rule.NOT_SIGNED, "InRelease", _told(error))
        return _unverified(inrelease)
    if found.refusal:
        suite.tell(Rule.REFUSED_BY_SQV, "InRelease", f"Debian 13's apt does not take the signature: {found.refusal}")
    for key in found.keys:
        for rule, what in policy.judge(key, suite.now):
            suite.archive.findings.add(rule, suite.name, key.fingerprint, what)
    return found.text


def _without_inrelease(suite: Suite, release: bytes | None, signature: bytes | None) -> bytes | None:
    if release is None:
        if not suite.has_failed("InRelease") and not suite.has_failed("Release"):
            suite.tell(Rule.SUITE_MISSING, "InRelease", "there is neither InRelease nor Release")
        return None
    if not suite.has_failed("InRelease"):
        suite.tell(Rule.INRELEASE_MISSING, "InRelease", "there is no InRelease")
    if signature is None:
        suite.tell(Rule.UNSIGNED, "Release", "nothing signs it")
    else:
        _check_detached(suite, release, signature, Rule.NOT_SIGNED)
    return release


def _check_detached(suite: Suite, release: bytes, signature: bytes, rule: Rule) -> None:
    # a fake's signature has no armor, and a binary one is what some make and no apt takes
    if not signature.startswith(ARMOR) and signature[:1] >= b"\x80":
        suite.tell(rule, "Release.gpg", "it is not armored, and apt takes no other")
        return
    try:
        suite.witness.verify_detached(signature, release, suite.where("Release.gpg"))
    except SigningError as error:
        suite.tell(rule, "Release.gpg", _told(error))


def _unverified(inrelease: bytes) -> bytes:
    """What seems to be signed, to be looked at all the same."""
    content = inrelease.replace(b"\r\n", b"\n")
    _, begin, signed = content.partition(BEGIN)
    first = FIELD.search(content)
    body = signed.partition(b"\n\n")[2] if begin else content[first.start() if first else 0 :]
    return re.sub(rb"(?m)^- ", b"", body.partition(ARMOR)[0])


def _is_kept_too_long(control: str) -> bool:
    if "no-cache" in control or "no-store" in control:
        return False
    age = MAX_AGE.search(control)
    return "immutable" in control or (age is not None and int(age[1]) > LONG)


def _told(error: KatpkgError) -> str:
    said = " ".join((error.details or "").split())
    return f"{error.message}: {said}" if said else error.message
