"""``katpkg publish``: put what was built into the archive."""

from __future__ import annotations

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import chosen_targets, codenames, dry_run_option, target_option


@click.command
@target_option
@click.option("--channel", default="", metavar="NAME", help="Into CODENAME-NAME, for testers, instead of CODENAME.")
@dry_run_option
@click.pass_obj
def publish(session: Session, *, targets: tuple[str, ...], channel: str, dry_run: bool) -> None:
    """Add the packages that `katpkg build` made to the archive, and sign the new state of it.

    Publishing only ever adds. It writes packages and indexes first and the signed InRelease last, and that only if
    nobody else published meanwhile; then it plans again. Publishing twice changes nothing.

    The signing key comes from KATPKG_SIGNING_KEY (armored) or KATPKG_SIGNING_KEY_FILE, its passphrase, if it has one,
    from KATPKG_SIGNING_PASSPHRASE.
    """
    from katpkg.pipeline.publish import Publisher
    from katpkg.repository.publication import describe
    from katpkg.repository.signing import GpgSigner, PublicKey
    from katpkg.store.local import LocalStore

    project = session.project
    secret, passphrase = session.signing_key()
    with GpgSigner(PublicKey.read(project.signing.public_key), secret, passphrase) as signer:
        publisher = Publisher(
            project=project,
            store=LocalStore(project.publish.store),
            signer=signer,
            now=session.now,
            reporter=session.reporter,
            channel=channel,
        )
        done = []
        for codename in codenames(chosen_targets(project, targets)):
            session.reporter.step(f"{'planning' if dry_run else 'publishing'} {codename}")
            publication = publisher.plan(codename) if dry_run else publisher.publish(codename)
            session.reporter.note(publication.title)
            done.append(publication)
    writes = [describe(action) for publication in done for action in publication.actions]
    session.result(writes, dry_run=dry_run, store=project.publish.store, writes=writes)
