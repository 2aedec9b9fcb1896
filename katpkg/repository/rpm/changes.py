"""Publishing packages in a suite of RPMs, which signs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from katpkg.errors import RepositoryError
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.suite import SuiteSpec
from katpkg.repository.admission import check_fit
from katpkg.repository.publication import Create, Phase
from katpkg.repository.published import Key
from katpkg.repository.rpm import layout
from katpkg.repository.rpm.draft import Draft
from katpkg.repository.rpm.record import Record, render
from katpkg.repository.rpm.signing import PackageSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A package that may be published."""

    package: BinaryPackage
    filename: str
    """Its key in the archive."""

    @property
    def key(self) -> Key:
        """What there can be one of in a repository."""
        return self.package.name, self.package.version, self.package.architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Publish packages. What is published already stays as it is, and is not signed again."""

    packages: Sequence[Incoming]
    signer: PackageSigner

    def make(self, draft: Draft) -> None:
        """Into ``draft``. Raises RepositoryError, also when another file is published as one of them; SigningError."""
        found = draft.find({each.package.name for each in self.packages})
        wanted = [each for each in self.packages if not _is_published(each, found)]
        signed = self.signer.sign_packages([each.package for each in wanted])
        for each, path in zip(wanted, signed, strict=True):
            digest = Digest.of(path)
            if each.key in found:
                _must_be_same(found[each.key], digest)
                continue
            draft.added[each.key] = render(path, each.filename)
            draft.actions.append(Create(phase=Phase.POOL, key=each.filename, content=str(path), digest=digest))


def admit(suite: SuiteSpec, package: BinaryPackage) -> Incoming:
    """``package`` as it will be published in ``suite``. Raises RepositoryError when it may not be."""
    check_fit(suite, package)
    return Incoming(package=package, filename=layout.pool(suite, package))


def _is_published(ours: Incoming, found: Mapping[Key, Record]) -> bool:
    """Whether what is published was built from the same inputs, which says so without looking at the file."""
    published = found.get(ours.key)
    return bool(published and published.inputs and published.inputs == ours.package.inputs)


def _must_be_same(published: Record, ours: Digest) -> None:
    if published.digest != ours:
        raise RepositoryError(
            f"{published} is already published with different contents",
            where=published.filename,
            hint="build again: the revision rises by itself; published files never change",
            details=f"published: {published.digest}\nours:      {ours}",
        )
