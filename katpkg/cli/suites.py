"""What the commands that change an archive share: the suites they are about, and how a change to one is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from katpkg.cli.environment import Session
    from katpkg.model.suite import SuiteSpec
    from katpkg.pipeline.commit import Publisher, Repository
    from katpkg.repository.apt.changes import Change
    from katpkg.repository.apt.inventory import MembersOf
    from katpkg.repository.apt.stanza import Stanza
    from katpkg.repository.history import History
    from katpkg.repository.rpm.signing import PackageSigner
    from katpkg.repository.signing import GpgVerifier
    from katpkg.store.base import Store

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

single_publisher_option: Decorator = click.option(
    "--single-publisher",
    is_flag=True,
    help="I vouch that nobody else publishes meanwhile: for stores without conditional writes.",
)


def suite_named(session: Session, name: str) -> SuiteSpec:
    """The suite ``name`` (CODENAME or CODENAME-CHANNEL) of the definition. Raises ConfigError."""
    from katpkg.errors import ConfigError

    known = {str(suite.name): suite for suite in every_suite(session)}
    if name not in known:
        raise ConfigError(
            f"there is no suite {name!r}",
            hint=f"one of {', '.join(known)}, or add to targets or publish.channels in katpkg.toml",
        )
    return known[name]


def every_suite(session: Session) -> list[SuiteSpec]:
    """Every suite of the definition: each release, and each of its channels."""
    archive = session.archive
    codenames = dict.fromkeys(target.codename for target in archive.targets)
    return [archive.suite(codename, channel) for codename in codenames for channel in ("", *archive.publish.channels)]


def chosen_suites(session: Session, names: tuple[str, ...]) -> list[SuiteSpec]:
    """The suites of the definition that ``names`` name; all when there are none. Raises ConfigError."""
    return [suite_named(session, name) for name in names] or every_suite(session)


def history_of(suite: SuiteSpec) -> History[Any]:
    """How the history of a suite is read: as its format keeps it."""
    from katpkg.model.target import PackageFormat
    from katpkg.repository.apt import history as apt
    from katpkg.repository.rpm import history as rpm

    return rpm.HISTORY if suite.format is PackageFormat.RPM else apt.HISTORY


def store_of(session: Session, *, single_publisher: bool = False) -> Store:
    """Where the archive lives."""
    from katpkg.store.open import open_store

    publish = session.archive.publish
    return open_store(publish.bucket or publish.store, publish.s3, single_publisher=single_publisher)


def verifier_of(session: Session) -> GpgVerifier:
    """Who knows the archive's signature, without the secret key. Raises SigningError."""
    from katpkg.repository.signing import GpgVerifier

    return GpgVerifier(session.public_key)


@contextmanager
def publishers(session: Session, *, single_publisher: bool) -> Iterator[Callable[[SuiteSpec], Publisher]]:
    """Makes the publisher of a suite; all share the store and the signing key. Raises SigningError."""
    from katpkg.pipeline.commit import Publisher

    store = store_of(session, single_publisher=single_publisher)
    with session.signer() as signer, session.package_signer(signer) as package_signer:
        yield lambda suite: Publisher(
            repository=_repository_of(session, suite, store, package_signer),
            store=store,
            signer=signer,
            clock=session.clock,
            reporter=session.reporter,
        )


def _repository_of(session: Session, suite: SuiteSpec, store: Store, signer: PackageSigner) -> Repository:
    """The suite as its format has it; what is needed for the other one is not loaded."""
    from katpkg.model.target import PackageFormat

    if suite.format is PackageFormat.RPM:
        from katpkg.repository.rpm.plan import RpmRepository

        return RpmRepository(suite, session.archive.archive.uri, signer)
    from katpkg.repository.apt.plan import AptRepository

    return AptRepository(suite, _members_of(session, store))


def _members_of(session: Session, store: Store) -> MembersOf:
    """What reads a published package; few publications need it, and it is loaded by those that do."""

    def members_of(stanza: Stanza) -> tuple[str, ...]:
        from katpkg.pipeline.pool import members_in

        session.reporter.note(f"reading {stanza} for Contents")
        return members_in(store, stanza)

    return members_of


def change(session: Session, suites: list[SuiteSpec], made: Change, *, dry_run: bool, single_publisher: bool) -> None:
    """Make the change in each of ``suites``, or with ``dry_run`` say what it would write."""
    from katpkg.repository.publication import describe

    done = []
    with publishers(session, single_publisher=single_publisher) as publisher_of:
        for suite in suites:
            publisher = publisher_of(suite)
            publication = publisher.plan(made) if dry_run else publisher.publish(made)
            session.reporter.note(publication.title)
            done.append(publication)
    writes = (describe(action) for publication in done for action in publication.actions)
    session.result(writes, dry_run=dry_run, writes=writes)
