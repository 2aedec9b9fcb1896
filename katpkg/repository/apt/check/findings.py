"""What was found, and how much was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from katpkg.repository.apt.check.rules import ASK, Level, Rule

MOST = 25
"""Findings of one rule in one suite that are told one by one; of the others, the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that is broken."""

    level: Level
    rule: str
    suite: str
    """Empty for what concerns no suite alone."""
    where: str
    """The path or URL of the file."""
    what: str
    hint: str


class Findings:
    """Collects what is found; there is no end to what can be wrong with an archive, but to what is kept of it."""

    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self._found: list[Finding] = []
        self._counts: Counter[tuple[str, Rule]] = Counter()

    def add(self, rule: Rule, suite: str, where: str, what: str, *, hint: str = "") -> None:
        """Something breaks ``rule``."""
        self._counts[suite, rule] += 1
        if self._counts[suite, rule] <= MOST:
            self._found.append(self._finding(rule, suite, where, what, hint or rule.hint))

    def all(self) -> tuple[Finding, ...]:
        """In the order in which they were found."""
        return (*self._found, *self._rest())

    def mark(self) -> int:
        """Where it is now, for ``forget``."""
        return len(self._found)

    def forget(self, mark: int) -> None:
        """Take back what was found since ``mark``: it was a moving target that was looked at."""
        for each in self._found[mark:]:
            rule = next(rule for rule in Rule if rule.id == each.rule)
            self._counts[each.suite, rule] = 0
        del self._found[mark:]

    def _rest(self) -> Iterator[Finding]:
        for (suite, rule), count in self._counts.items():
            if count > MOST:
                yield self._finding(rule, suite, "", f"the same {count - MOST} times more", rule.hint)

    def _finding(self, rule: Rule, suite: str, where: str, what: str, hint: str) -> Finding:
        level = rule.level(is_ours=self._is_ours)
        if hint.startswith("katpkg ") and not self._is_ours:
            hint = ASK
        return Finding(level=level, rule=rule.id, suite=suite, where=where, what=what, hint=hint)


@dataclass(slots=True, kw_only=True)
class Tally:
    """How much of a suite was looked at."""

    suite: str
    indexes: int = 0
    packages: int = 0
    """Stanzas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a verification."""

    findings: Sequence[Finding]
    suites: Sequence[Tally]
    files: int = 0
    """Package files whose presence and size were looked at."""
    hashed: int = 0
    """Those of them that were read."""
    bytes_hashed: int = field(default=0)

    def of(self, level: Level) -> list[Finding]:
        """The findings of a level."""
        return [each for each in self.findings if each.level is level]

    @property
    def is_whole(self) -> bool:
        """Whether there is no error."""
        return not self.of(Level.ERROR)


def together(one: Report, other: Report) -> Report:
    """Two reports as one."""
    return Report(
        findings=(*one.findings, *other.findings),
        suites=(*one.suites, *other.suites),
        files=one.files + other.files,
        hashed=one.hashed + other.hashed,
        bytes_hashed=one.bytes_hashed + other.bytes_hashed,
    )
