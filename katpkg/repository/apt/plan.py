"""The next state of a suite, planned from the published one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, islice

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.suite import SuiteSpec
from katpkg.repository.admission import check_fit, must_not_share_files
from katpkg.repository.apt import layout
from katpkg.repository.apt.changes import Add, Change, Incoming
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.generation import Generation, parts
from katpkg.repository.apt.inventory import MembersOf, take_inventory, unknown
from katpkg.repository.apt.release import FOREVER, Release
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader, Signer, Verifier
from katpkg.repository.moment import next_date
from katpkg.repository.publication import Action, Commit, Create, Phase, Publication, Put, Replace

NAMED = 6
"""How many packages a title names."""


class AptRepository:
    """One suite of an apt archive."""

    def __init__(self, suite: SuiteSpec, members_of: MembersOf = unknown) -> None:
        """``members_of`` reads what a published package holds: for Contents of packages that are not at hand."""
        self._suite = suite
        self._members_of = members_of

    def admit(self, package: BinaryPackage) -> Incoming:
        """``package`` as it will be published here. Raises RepositoryError when it may not be."""
        check_fit(self._suite, package)
        stanza = Stanza.of(package, layout.pool(self._suite, package))
        return Incoming(stanza=stanza, path=package.file, members=package.members)

    def adding(self, packages: Iterable[BinaryPackage]) -> Change:
        """The change that publishes ``packages``. Raises RepositoryError when one may not be published here."""
        incoming = [self.admit(package) for package in packages]
        must_not_share_files((each.stanza.filename, each.stanza.key, each.stanza.digest) for each in incoming)
        return Add(packages=incoming)

    def plan(self, reader: Reader, change: Change, signer: Signer, clock: Callable[[], datetime]) -> Publication:
        """What ``change`` changes; empty when all is so already, the copies too.

        Raises RepositoryError when that may not be, and when the archive is not whole; SigningError when what is
        published is not signed by us.
        """
        current = self.current(reader, signer)
        now = clock()  # not before it is read: that may take long, and others publish meanwhile
        before = current.release.date if current else None
        date = next_date(before, now, layout.dists(self._suite.name, "InRelease"))
        draft = Draft.of(self._suite, current, date)
        change.make(draft, reader, signer)
        take_inventory(draft, reader, self._members_of)
        if current is None and not draft.indexes:
            return Publication(title=f"{self._suite.name}: nothing is published")
        release = Release.of(self._suite, draft.moment, draft.indexes)
        if current and release.says_the_same(current.release) and not draft.is_new:
            return self._unchanged(reader, current)
        actions = [*draft.actions, *self._keep(current), *self._commit(current, release, signer)]
        actions.sort(key=lambda action: action.phase)
        return Publication(title=f"{self._suite.name}: {_news(draft)}", actions=actions)

    def copies(self, reader: Reader, verifier: Verifier) -> Publication:
        """What brings the copies in line with the published state, whatever is there. Raises as ``plan``."""
        current = self.current(reader, verifier)
        if current is None:
            return Publication(title=f"{self._suite.name}: nothing is published")
        return self._copies(reader, current)

    def _unchanged(self, reader: Reader, current: Generation) -> Publication:
        """Nothing; or the copies, if whoever published last did not come to their end: Release is the last of them."""
        found = reader.read(layout.dists(self._suite.name, "Release"))
        if found is None or found[0] != current.parts["Release"]:
            return self._copies(reader, current)
        return Publication(title=f"{self._suite.name}: nothing changed")

    def _copies(self, reader: Reader, current: Generation) -> Publication:
        paths = [path for path in current.release.indexes if not layout.is_plain(path)]
        actions: list[Action] = [
            Put(key=layout.dists(self._suite.name, path), content=content)
            for path, content in zip(paths, current.files(reader, paths), strict=True)
        ]
        for name, content in current.parts.items():
            actions.append(Put(key=layout.dists(self._suite.name, name), content=content))
        return Publication(title=f"{self._suite.name}: copies", actions=actions)

    def state(self, reader: Reader, verifier: Verifier) -> bytes | None:
        """What was committed last, or None. Raises as ``plan``."""
        current = self.current(reader, verifier)
        return current.inrelease if current else None

    def published(self, reader: Reader, verifier: Verifier) -> tuple[Stanza, ...]:
        """Every package that is published, each once, sorted. Raises as ``plan``."""
        current = self.current(reader, verifier)
        found = {stanza.key: stanza for stanza in current.stanzas(reader)} if current else {}
        return tuple(stanza for _, stanza in sorted(found.items()))

    def current(self, reader: Reader, verifier: Verifier) -> Generation | None:
        """The published state, or None. Raises as ``plan``, and when clients would refuse what we say of the suite."""
        current = Generation.read(reader, verifier, self._suite.name)
        if current is None:
            return None
        ours = Release.of(self._suite, current.release.date, {}).fields
        for name in FOREVER:
            published = current.release.fields.get(name)
            if published != ours[name]:
                raise RepositoryError(
                    f"{name} is published as {published!r} and cannot become {ours[name]!r}: "
                    "clients refuse an archive that changes it",
                    where=layout.dists(self._suite.name, "InRelease"),
                    hint="set it back in katpkg.toml, or publish an archive of that name elsewhere",
                )
        return current

    def _keep(self, current: Generation | None) -> Iterator[Action]:
        if current is not None:
            key = layout.generation(self._suite.name, current.name)
            content = current.inrelease
            yield Create(phase=Phase.INDEX, key=key, content=content, digest=Digest.of(content))

    def _commit(self, current: Generation | None, release: Release, signer: Signer) -> Iterator[Action]:
        text = release.render()
        inrelease = signer.sign(text)
        yield Commit(
            key=layout.dists(self._suite.name, "InRelease"),
            content=inrelease,
            token=current.token if current else None,
            moment=release.date,
        )
        before = current.parts if current else {}
        for name, content in parts(inrelease, text).items():
            yield Replace(key=layout.dists(self._suite.name, name), content=content, before=before.get(name))


def _news(draft: Draft) -> str:
    """What is new, for people: the first few packages by name."""
    words = chain(map(str, draft.added.values()), (f"without {each}" for each in draft.dropped.values()))
    rest = len(draft.added) + len(draft.dropped) - NAMED
    more = [f"and {rest} more"] if rest > 0 else []
    return ", ".join([*islice(words, NAMED), *more]) or "the same packages"
