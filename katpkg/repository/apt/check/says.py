"""What a Release file says of its suite: fields, dates, and which files it lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from katpkg.repository.apt.check.release import ITSELF, PACKAGES, STRONG, ReleaseFile, parse_date
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite

FIELDS = ("Origin", "Suite", "Codename", "Architectures", "Components")
AHEAD = timedelta(seconds=10)
"""How far Date may be ahead of a client's clock (Acquire::Max-FutureTime)."""

FILE_OF_INDEX = re.compile(r"(?P<component>[^/].*?)/binary-(?P<architecture>[^/]+)/.+")


def check_release(suite: Suite, release: ReleaseFile, name: str) -> None:
    """Everything that Release, which lies in the file ``name``, says by itself."""
    for problem in release.problems:
        suite.tell(Rule.RELEASE_MALFORMED, name, problem)
    for field in FIELDS:
        if not release.fields.get(field):
            suite.tell(Rule.FIELD_MISSING, name, f"it has no field {field}")
    _check_name(suite, release, name)
    _check_dates(suite, release, name)
    _check_files(suite, release, name)
    _check_shelves(suite, release, name)


def _check_name(suite: Suite, release: ReleaseFile, name: str) -> None:
    names = [release.fields[field] for field in ("Suite", "Codename") if field in release.fields]
    if names and suite.name not in names:
        suite.tell(Rule.SUITE_NAME, name, f"it says that it is {' or '.join(names)}")


def _check_dates(suite: Suite, release: ReleaseFile, name: str) -> None:
    date = _date(suite, release, name, "Date")
    if "Date" not in release.fields:
        suite.tell(Rule.DATE_FORM, name, "it has no Date")
    if date is not None and date > suite.now + AHEAD:
        ahead = (date - suite.now).total_seconds()
        suite.tell(Rule.DATE_IN_FUTURE, name, f"its Date is {ahead:.0f} s ahead of the clock here")
    until = _date(suite, release, name, "Valid-Until")
    if until is None:
        return
    if until <= suite.now:
        suite.tell(Rule.EXPIRED, name, f"clients have refused it since {until:%Y-%m-%d %H:%M:%S} UTC")
    elif until - suite.now < suite.demands.least_validity:
        suite.tell(Rule.EXPIRES_SOON, name, f"clients refuse it from {until:%Y-%m-%d %H:%M:%S} UTC on")


def _date(suite: Suite, release: ReleaseFile, name: str, field: str) -> datetime | None:
    if field not in release.fields:
        return None
    try:
        return parse_date(release.fields[field])
    except ValueError as error:
        suite.tell(Rule.DATE_FORM, name, f"{field}: {error}")
        return None


def _check_files(suite: Suite, release: ReleaseFile, name: str) -> None:
    for path, listed in release.files.items():
        if path in ITSELF:
            suite.tell(Rule.LISTS_ITSELF, name, f"it lists {path}, which it is itself")
        if not set(STRONG) & set(listed.digests):
            suite.tell(Rule.HASH_WEAK, name, f"{path} is listed under {', '.join(listed.digests)} only")
        if path.startswith("/") or ".." in path.split("/"):
            suite.tell(Rule.PATH_OUTSIDE, name, f"{path} lies outside of the suite")
        if listed.form and PACKAGES.fullmatch(listed.stem) and listed.stem not in release.files:
            suite.tell(Rule.PLAIN_NOT_LISTED, name, f"{path} is listed, and {listed.stem} is not")


def _check_shelves(suite: Suite, release: ReleaseFile, name: str) -> None:
    """Components and architectures that are named have an index."""
    components, architectures = release.words("Components"), release.words("Architectures")
    if not components or not architectures:
        return  # that was told, and then nothing can be compared
    indexed = {(it["component"], it["architecture"]) for it in map(PACKAGES.fullmatch, _stems(release)) if it}
    for component in components:
        for architecture in architectures:
            if architecture not in ("all", "source") and (component, architecture) not in indexed:
                suite.tell(Rule.NO_INDEX, name, f"it names {component} and {architecture}, and lists no index for both")


def check_unnamed(suite: Suite, release: ReleaseFile, name: str, earlier: Iterable[str]) -> None:
    """Indexes of components and architectures that the Release in the file ``name`` does not name: those that it lists,
    and those that lie there, unless files of ``earlier`` states do, which stay for who goes back.
    """
    components, architectures = release.words("Components"), release.words("Architectures")
    if not components or not architectures:
        return
    lying = _shelves(key.removeprefix(suite.key("")) for key in _lying(suite))
    for component, architecture in sorted(_shelves(release.files) | lying - _shelves(earlier)):
        if "/debian-installer" in component or (component in components and architecture in (*architectures, "all")):
            continue
        directory = f"{component}/binary-{architecture}"
        suite.tell(Rule.NOT_IN_RELEASE, directory, f"{name} does not name {component} and {architecture}")


def _shelves(paths: Iterable[str]) -> set[tuple[str, str]]:
    return {(found["component"], found["architecture"]) for found in map(FILE_OF_INDEX.fullmatch, paths) if found}


def _stems(release: ReleaseFile) -> set[str]:
    return {listed.stem for listed in release.files.values()}


def _lying(suite: Suite) -> list[str]:
    prefix = suite.key("")
    return [key for key in suite.archive.dists if key.startswith(prefix)] if suite.archive.can_list else []
