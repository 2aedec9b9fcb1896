"""Verifying an archive: every suite, then what their indexes name together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from katpkg.repository.apt.check.archive import Archive, Files
from katpkg.repository.apt.check.contents import Contents, read_contents
from katpkg.repository.apt.check.findings import Findings, Report, Tally
from katpkg.repository.apt.check.generations import History, check_generations
from katpkg.repository.apt.check.indexes import IndexOf, check_files
from katpkg.repository.apt.check.patches import check_patches
from katpkg.repository.apt.check.pool import check_orphans, check_pool
from katpkg.repository.apt.check.release import ReleaseFile
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.says import check_release, check_unnamed
from katpkg.repository.apt.check.scope import Demands, Suite
from katpkg.repository.apt.check.signature import check_signatures
from katpkg.repository.apt.check.witness import Witness

SUITE = re.compile(
    r"dists/(?P<name>(?!.*/(?:generations|by-hash|source|binary-[^/]+|i18n|installer-[^/]+)/).+)/(?:In)?Release"
)
TRIES = 3
"""How often a suite is looked at again because somebody publishes meanwhile."""


def verify(
    files: Files, witness: Witness, now: datetime, demands: Demands, names: Sequence[str] | None = None
) -> Report:
    """What is wrong with the suites ``names`` of an archive; None: with every suite that it has.

    Raises StoreError when it cannot even be listed.
    """
    findings = Findings(is_ours=demands.is_ours)
    archive = Archive(files, findings)
    every = suites_in(archive)
    contents, tallies = Contents(), []
    for name in every if names is None else names:
        suite = Suite(name=name, archive=archive, witness=witness, now=now, demands=demands)
        found, tally = _check_settled(suite)
        contents.join(found, findings)
        tallies.append(tally)
    if not tallies:
        findings.add(Rule.SUITE_MISSING, "", archive.where("dists"), "there is no suite below dists/")
    hashed = check_pool(archive, contents, demands.sample)
    if contents.is_complete and set(every) <= {tally.suite for tally in tallies}:
        check_orphans(archive, contents)
    return Report(
        findings=findings.all(),
        suites=tallies,
        files=len(contents.files),
        hashed=hashed.files,
        bytes_hashed=hashed.size,
    )


def suites_in(archive: Archive) -> list[str]:
    """The suites that an archive has, as far as that can be known. Raises StoreError."""
    return sorted({found["name"] for key in archive.dists if (found := SUITE.fullmatch(key))})


def _check_settled(suite: Suite, tries: int = TRIES) -> tuple[Contents, Tally]:
    """A suite as it is at one time: it is looked at again when its InRelease was replaced meanwhile."""
    mark = suite.archive.findings.mark()
    inrelease = suite.read("InRelease")
    found = _check_suite(suite, inrelease)
    if tries == 1 or suite.read("InRelease") == inrelease:
        return found
    suite.archive.findings.forget(mark)
    suite.archive.forget()
    return _check_settled(suite, tries - 1)


def _check_suite(suite: Suite, inrelease: bytes | None) -> tuple[Contents, Tally]:
    text = check_signatures(suite, inrelease)
    if text is None:
        return Contents(is_complete=False), Tally(suite=suite.name)
    release = ReleaseFile.parse(text)
    name = "InRelease" if inrelease is not None else "Release"
    check_release(suite, release, name)
    indexes = check_files(suite, release)
    contents = read_contents(suite, indexes)
    contents.is_complete = contents.is_complete and not _has_sources(release)
    history = check_generations(suite)
    check_unnamed(suite, release, name, history.named)
    check_patches(suite, release, history)
    _check_by_hash(suite, release, history)
    return contents, _tally(suite, indexes, contents)


def _tally(suite: Suite, indexes: Sequence[IndexOf], contents: Contents) -> Tally:
    return Tally(suite=suite.name, indexes=sum(bool(index.component) for index in indexes), packages=contents.packages)


def _has_sources(release: ReleaseFile) -> bool:
    """Whether source packages are published too: what of them lies in the pool is named elsewhere."""
    return any(listed.stem.endswith("/Sources") for listed in release.files.values())


def _check_by_hash(suite: Suite, release: ReleaseFile, history: History) -> None:
    """What lies under its digest, and no state of the suite names."""
    named = history.named | {
        listed.by_hash.replace(f"/{listed.kind}/{listed.digest}", f"/{kind}/{digest}")
        for listed in release.files.values()
        for kind, digest in listed.digests.items()
    }
    prefix = suite.key("")
    lying = [key.removeprefix(prefix) for key in suite.archive.dists if key.startswith(prefix) and "/by-hash/" in key]
    orphans = [path for path in lying if path not in named]
    if orphans and history.is_complete:
        what = f"{len(orphans)} files are named by no state of the suite: {orphans[0]}, …"
        suite.tell(Rule.BY_HASH_ORPHANS, "", what)
