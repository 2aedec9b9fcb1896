"""Whether the repositories of RPMs in an archive of ours are whole, by the rules that its apt side is held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.names import SuiteName
from katpkg.repository.apt.check.archive import Archive as Measured
from katpkg.repository.apt.check.archive import Files
from katpkg.repository.apt.check.findings import Findings, Report, Tally
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Demands
from katpkg.repository.base import Archive, Listed, Verifier
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.rpm.history import HISTORY
from katpkg.repository.rpm.record import KINDS, Record


@runtime_checkable
class Whole(Files, Archive, Protocol):
    """A directory or a bucket: what can be listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    """A suite that is looked at."""

    name: SuiteName
    store: Whole
    verifier: Verifier
    findings: Findings

    def tell(self, rule: Rule, key: str, what: str) -> None:
        self.findings.add(rule, self.name, self.store.where(key), what)


def suites_in(store: Archive) -> tuple[SuiteName, ...]:
    """The suites of RPMs that an archive has."""
    found = {name for each in store.list(layout.ROOT) if (name := layout.suite_of(each.key))}
    return tuple(map(SuiteName, sorted(found)))


def verify(store: Whole, verifier: Verifier, demands: Demands, names: Sequence[SuiteName]) -> Report:
    """Everything that is wrong with the suites ``names``. Raises StoreError when the archive cannot be listed."""
    findings = Findings(is_ours=demands.is_ours)
    tallies = []
    records: dict[str, tuple[SuiteName, Record]] = {}
    for name in names:
        suite = _Suite(name=name, store=store, verifier=verifier, findings=findings)
        found = {record.filename: record for record in _current(suite)}
        _check_history(suite, demands)
        records |= {key: (name, record) for key, record in found.items()}
        tallies.append(Tally(suite=name, indexes=len(KINDS), packages=len(found)))
    hashed = _check_pool(Measured(store, findings), findings, records, demands.sample)
    return Report(findings=findings.all(), suites=tallies, files=len(records), hashed=hashed)


def _current(suite: _Suite) -> Iterator[Record]:
    """The packages of the published state, when it is whole."""
    where = layout.mirrorlist(suite.name)
    try:
        generation = Generation.current(suite.store, suite.verifier, suite.name)
        if generation is None:
            suite.tell(Rule.SUITE_MISSING, where, "it has no mirror list")
            return
        _, *others = generation.metadata(suite.store)
        for file in others:
            list(file.texts())
        yield from generation.records(suite.store)
    except SigningError as error:
        suite.tell(Rule.NOT_SIGNED, error.where or where, error.message)
    except RepositoryError as error:
        suite.tell(Rule.INDEX_WRONG, error.where or where, error.message)


def _check_history(suite: _Suite, demands: Demands) -> None:
    """The states that can be gone back to, as many as are to be kept."""
    try:
        states = HISTORY.states(suite.store, suite.verifier, suite.name, demands.kept + 1)
    except (SigningError, RepositoryError):  # of the published one, which was told
        return
    for state in states:
        if state.lost and not state.is_current:
            suite.tell(Rule.GENERATION_BROKEN, layout.repomd(suite.name, state.name), state.lost)


def _check_pool(
    archive: Measured, findings: Findings, records: dict[str, tuple[SuiteName, Record]], sample: int | None
) -> int:
    """Every file is there, of the right size; ``sample`` of them are read. How many were."""
    there: list[Listed] = []
    for key, (suite, record) in records.items():
        entry = archive.look(suite, key)
        if entry is None:
            findings.add(Rule.PACKAGE_MISSING, suite, archive.where(key), "the metadata names it, and it is not there")
        elif entry.size != record.digest.size:
            what = f"it has {entry.size} bytes, and {record.digest.size} are listed"
            findings.add(Rule.PACKAGE_SIZE, suite, archive.where(key), what)
        else:
            there.append(entry)
    there.sort(key=lambda entry: (entry.modified, entry.key), reverse=True)
    chosen = there[:sample]
    for entry in chosen:
        suite, record = records[entry.key]
        if archive.measure(suite, entry.key, "sha256", entry.size) != (entry.size, record.digest.sha256):
            what = "its SHA-256 is not the one that is listed"
            findings.add(Rule.PACKAGE_WRONG, suite, archive.where(entry.key), what)
    return len(chosen)
