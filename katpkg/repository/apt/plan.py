"""The next state of a suite, planned from the published one. Publishing adds; nothing here takes away."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName
from katpkg.model.package import BinaryPackage
from katpkg.model.suite import SuiteSpec
from katpkg.model.version import Version
from katpkg.repository.apt import layout
from katpkg.repository.apt.packages import Stanza, compress, parse_packages, render_packages
from katpkg.repository.apt.release import FOREVER, Release
from katpkg.repository.base import Read, Signer, Verifier
from katpkg.repository.publication import Action, Commit, Create, Phase, Publication, Replace, Token

Index = dict[tuple[PackageName, Version, Architecture], Stanza]

SKEW = timedelta(seconds=5)
"""How far a clock may be behind the last publisher's; clients refuse a Date ten seconds ahead of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What is published now: the commit, what it says, and the indexes it names."""

    inrelease: bytes
    token: Token
    release: Release
    indexes: Mapping[Architecture, Index]

    def has(self, stanza: Stanza) -> bool:
        """Whether the package is published."""
        return any(stanza.key in index for index in self.indexes.values())


class AptRepository:
    """One suite of an apt archive."""

    def __init__(self, suite: SuiteSpec) -> None:
        self._suite = suite

    def plan(self, read: Read, packages: tuple[BinaryPackage, ...], signer: Signer, now: datetime) -> Publication:
        """What adding ``packages`` changes; empty when they are all published.

        Raises RepositoryError when a package may not be published here, or not beside what is, and when the archive is
        not whole; SigningError when what is published is not signed by us.
        """
        current = self.current(read, signer)
        stanzas = [self._admit(package, current) for package in packages]
        indexes = self._merge(current, stanzas)
        compressed = {
            f"{layout.packages(self._suite, architecture)}{suffix}": content
            for architecture, index in indexes.items()
            for suffix, content in compress(render_packages(index.values())).items()
        }
        digests = {path: Digest.of(content) for path, content in compressed.items()}
        release = Release.of(self._suite, self._date(current, now), digests)
        if current is not None and current.release.says_the_same(release):
            return Publication(title=f"{self._suite.name}: nothing changed")
        new = [f"{each.name} {each.version}" for each in stanzas if current is None or not current.has(each)]
        actions = chain(
            self._put_pool(packages, stanzas),
            self._put_indexes(compressed, digests),
            self._keep(current),
            self._commit(current, release, compressed, signer),
        )
        return Publication(title=f"{self._suite.name}: {', '.join(new) or 'the same packages'}", actions=tuple(actions))

    def published(self, read: Read, verifier: Verifier) -> tuple[Stanza, ...]:
        """Every package that is published, each once. Raises as ``plan``."""
        current = self.current(read, verifier)
        if current is None:
            return ()
        merged: Index = {}
        for index in current.indexes.values():
            merged |= index
        return tuple(stanza for _, stanza in sorted(merged.items()))

    def current(self, read: Read, verifier: Verifier) -> Generation | None:
        """The published state, every byte of it checked against our signature; None when there is none."""
        key = layout.dists(self._suite, "InRelease")
        found = read(key)
        if found is None:
            return None
        inrelease, token = found
        release = Release.parse(verifier.verify(inrelease, key), key)
        for name in FOREVER:
            ours = Release.of(self._suite, release.date, {}).fields[name]
            if release.fields.get(name) != ours:
                raise RepositoryError(
                    f"{name} is published as {release.fields.get(name)!r} and cannot become {ours!r}: "
                    "clients refuse an archive that changes it",
                    where=key,
                    hint="set it back in katpkg.toml, or publish an archive of that name elsewhere",
                )
        architectures = release.fields.get("Architectures", "").split()
        indexes = {Architecture(name): self._read_index(read, release, Architecture(name)) for name in architectures}
        return Generation(inrelease=inrelease, token=token, release=release, indexes=indexes)

    def _read_index(self, read: Read, release: Release, architecture: Architecture) -> Index:
        path = f"{layout.packages(self._suite, architecture)}.gz"
        digest = release.indexes.get(path)
        if digest is None:
            return {}
        key = layout.by_hash(self._suite, path, digest.sha256)
        found = read(key)
        if found is None or Digest.of(found[0]) != digest:
            raise RepositoryError(
                "an index that InRelease names is missing, or is not the one it names",
                where=key,
                hint="restore the file from a backup or a mirror; nothing was changed",
            )
        return parse_packages(gzip.decompress(found[0]), key)

    def _admit(self, package: BinaryPackage, current: Generation | None) -> Stanza:
        """The stanza that ``package`` gets, when it may be published here. Raises RepositoryError."""
        what = f"{package.name} {package.version}"
        if "+" in package.version:
            raise RepositoryError(
                f"{what} has a plus sign in its version, which stores and clients do not agree on in a path",
                where=package.filename,
                hint="repack it (payload.repack = true), so that it gets a version of ours",
            )
        if package.version.is_development and self._suite.is_stable:
            raise RepositoryError(
                f"{what} is a development version, and {self._suite.name} is what users follow",
                where=package.filename,
                hint="katpkg publish --channel testing",
            )
        if not package.architecture.is_all and package.architecture not in self._suite.architectures:
            raise RepositoryError(
                f"{what} is for {package.architecture}, which {self._suite.name} does not serve",
                where=package.filename,
                hint=f"add it to archive.architectures ({', '.join(self._suite.architectures)})",
            )
        stanza = Stanza.of(package, layout.pool(self._suite, package))
        for index in current.indexes.values() if current else ():
            published = index.get(stanza.key)
            if published is not None and published.digest != stanza.digest:
                raise RepositoryError(
                    f"{what} is already published with different contents",
                    where=published.filename,
                    hint="build again: the revision rises by itself; published files never change",
                    details=f"published: {published.digest}\nours:      {stanza.digest}",
                )
        return stanza

    def _merge(self, current: Generation | None, stanzas: list[Stanza]) -> dict[Architecture, Index]:
        merged: dict[Architecture, Index] = {}
        for architecture in self._suite.architectures:
            index = dict(current.indexes.get(architecture, {})) if current else {}
            for stanza in self._of_all(current) + stanzas:
                if stanza.architecture.is_all or stanza.architecture == architecture:
                    index.setdefault(stanza.key, stanza)
            merged[architecture] = index
        return merged

    def _of_all(self, current: Generation | None) -> list[Stanza]:
        """What every index has, so that an architecture that joins later has it too."""
        found = chain.from_iterable(index.values() for index in current.indexes.values()) if current else ()
        return [stanza for stanza in found if stanza.architecture.is_all]

    def _date(self, current: Generation | None, now: datetime) -> datetime:
        """Later than every Date before: a client ignores, silently, what is not."""
        now = now.astimezone(UTC).replace(microsecond=0)
        if current is None:
            return now
        if current.release.date > now + SKEW:
            raise RepositoryError(
                f"the last publication is of {current.release.date:%Y-%m-%d %H:%M:%S} UTC, and the clock here says "
                f"{now:%H:%M:%S}",
                where=layout.dists(self._suite, "InRelease"),
                hint="set this machine's clock",
            )
        return max(now, current.release.date + timedelta(seconds=1))

    def _put_pool(self, packages: tuple[BinaryPackage, ...], stanzas: list[Stanza]) -> Iterator[Action]:
        for package, stanza in zip(packages, stanzas, strict=True):
            yield Create(phase=Phase.POOL, key=stanza.filename, content=package.path, digest=package.digest)

    def _put_indexes(self, compressed: Mapping[str, bytes], digests: Mapping[str, Digest]) -> Iterator[Action]:
        for path, content in compressed.items():
            if path.endswith((".gz", ".xz")):
                key = layout.by_hash(self._suite, path, digests[path].sha256)
                yield Create(phase=Phase.INDEX, key=key, content=content, digest=digests[path])

    def _keep(self, current: Generation | None) -> Iterator[Action]:
        if current is not None:
            digest = Digest.of(current.inrelease)
            key = layout.generation(self._suite, current.release.date, digest.sha256)
            yield Create(phase=Phase.INDEX, key=key, content=current.inrelease, digest=digest)

    def _commit(
        self, current: Generation | None, release: Release, compressed: Mapping[str, bytes], signer: Signer
    ) -> Iterator[Action]:
        text = release.render()
        signed = signer.sign(text)
        yield Commit(
            key=layout.dists(self._suite, "InRelease"),
            content=signed.inrelease,
            token=current.token if current else None,
        )
        for path, content in compressed.items():
            if path.endswith((".gz", ".xz")):
                yield Replace(key=layout.dists(self._suite, path), content=content)
        yield Replace(key=layout.dists(self._suite, "Release"), content=text)
        yield Replace(key=layout.dists(self._suite, "Release.gpg"), content=signed.release_gpg)
