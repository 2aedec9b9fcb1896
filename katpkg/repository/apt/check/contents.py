"""The packages of a suite, read from its indexes stanza by stanza, and what all suites say of files together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from katpkg.repository.apt.check.findings import Findings
from katpkg.repository.apt.check.indexes import IndexOf, Readable, expand
from katpkg.repository.apt.check.plain import Damaged, Expansion, split
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.check.scope import Suite
from katpkg.repository.apt.check.stanzas import Identity, Listing, Promise, is_before, is_same, name_of


@dataclass(slots=True, kw_only=True)
class Contents:
    """What indexes say, without their stanzas: it grows with the number of packages, and by little."""

    files: dict[str, Promise] = field(default_factory=dict)
    """By Filename."""
    versions: dict[Identity, Promise] = field(default_factory=dict)
    packages: int = 0
    """Stanzas."""
    is_complete: bool = True
    """Whether all that indexes say could be read."""

    def add(self, listing: Listing, findings: Findings) -> None:
        """A package; one that is known has the same bytes, wherever it stands."""
        promise = listing.promise
        version = self.versions.setdefault(listing.identity, promise)
        file = self.files.setdefault(listing.filename, promise)
        if before := next((each for each in (version, file) if each.contradicts(promise)), None):
            what = f"{listing.identity} has other bytes here than in {before.suite}"
            findings.add(Rule.VERSION_TWICE, promise.suite, listing.filename, what)

    def join(self, other: Contents, findings: Findings) -> None:
        """All of another suite's."""
        for identity, promise in other.versions.items():
            before = self.versions.setdefault(identity, promise)
            if before.contradicts(promise):
                what = f"{identity} has other bytes in {promise.suite} than in {before.suite}"
                findings.add(Rule.VERSION_TWICE, promise.suite, str(identity), what)
        for filename, promise in other.files.items():
            self.files.setdefault(filename, promise)
        self.packages += other.packages
        self.is_complete = self.is_complete and other.is_complete


def read_contents(suite: Suite, indexes: tuple[IndexOf, ...]) -> Contents:
    """The packages of every index; what is wrong with one is told."""
    contents = Contents()
    for_all: dict[str, dict[str, set[Identity]]] = defaultdict(dict)
    for index in indexes:
        forms = [form for form in index.forms if Expansion.is_known(form.listed.form)]
        for form in forms[1:] if index.component else forms:
            if form.listed.form:
                _drain(suite, index, form)
        if index.component:
            contents.is_complete = contents.is_complete and bool(forms or not _has_packages(index))
            found = _Reading(suite, index, forms[0], contents).read() if forms else set()
            for_all[index.component][index.architecture] = found
    _compare(suite, for_all)
    return contents


class _Reading:
    """One index, in one pass."""

    def __init__(self, suite: Suite, index: IndexOf, form: Readable, contents: Contents) -> None:
        self._suite = suite
        self._index = index
        self._form = form
        self._contents = contents
        self._seen: set[Identity] = set()
        self._last: Identity | None = None
        self._is_sorted = True
        self._for_all: set[Identity] = set()

    def read(self) -> set[Identity]:
        """Its packages for all architectures."""
        try:
            for text in split(expand(self._suite, self._index, self._form)):
                self._take(text)
        except Damaged as error:
            self._contents.is_complete = False
            self._suite.tell(Rule.INDEX_DAMAGED, self._form.path, str(error))
        return self._for_all

    def _take(self, text: bytes) -> None:
        self._contents.packages += 1
        try:
            listing = Listing.parse(text, self._suite.name)
        except KeyError as error:
            self._contents.is_complete = False
            self._tell(Rule.STANZA_INCOMPLETE, f"{name_of(text)} has no field {error.args[0]}")
        except ValueError as error:
            self._contents.is_complete = False
            self._tell(Rule.STANZA_MALFORMED, f"{name_of(text)}: {error}")
        else:
            self._judge(listing)

    def _judge(self, listing: Listing) -> None:
        identity = listing.identity
        if identity.architecture not in (self._index.architecture, "all"):
            self._tell(Rule.STANZA_MISPLACED, f"{identity} stands in the index of {self._index.architecture}")
        if listing.is_outside:
            self._tell(Rule.FILENAME_OUTSIDE, f"{identity} has the Filename {listing.filename!r}")
            return
        if identity in self._seen:
            self._tell(Rule.TWICE, f"{identity} stands there twice")
        elif self._last is not None and is_same(self._last, identity):
            self._tell(Rule.VERSION_TWICE, f"{identity} and {self._last} are one version for apt, in two files")
        elif self._is_sorted and self._last is not None and not is_before(self._last, identity):
            self._is_sorted = False
            self._tell(Rule.UNSORTED, f"{identity} stands behind {self._last}")
        self._seen.add(identity)
        self._last = identity
        self._contents.add(listing, self._suite.archive.findings)
        if identity.architecture == "all":
            self._for_all.add(identity)

    def _tell(self, rule: Rule, what: str) -> None:
        self._suite.tell(rule, self._form.path, what)


def _drain(suite: Suite, index: IndexOf, form: Readable) -> None:
    """Read it to its end, where it is compared."""
    for _ in expand(suite, index, form):
        pass


def _has_packages(index: IndexOf) -> bool:
    return index.plain is None or index.plain.size > 0


def _compare(suite: Suite, for_all: dict[str, dict[str, set[Identity]]]) -> None:
    """What is for all architectures is the same for each; unless it has an index of its own, beside theirs."""
    for component, indexes in for_all.items():
        if "all" in indexes or len(indexes) < 2:
            continue
        (first, expected), *others = indexes.items()
        for architecture, found in others:
            if names := sorted(map(str, expected ^ found)):
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                what = f"{names[0]}{more} is not the same as for {first}"
                suite.tell(Rule.ALL_DIFFERS, f"{component}/binary-{architecture}", what)
