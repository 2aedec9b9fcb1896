"""``katpkg key``: the key that signs the archive."""

from __future__ import annotations

import os
from pathlib import Path

import click

from katpkg.cli.environment import SIGNING_KEY_FILE, Session
from katpkg.errors import SigningError


@click.group
def key() -> None:
    """Make the key that signs the archive."""


@key.command
@click.option("--user-id", required=True, metavar="'NAME <ADDRESS>'", help="Whose key it is.")
@click.option("--secret", required=True, type=click.Path(path_type=Path), help="Where the secret key goes.")
@click.option(
    "--public", type=click.Path(path_type=Path), help="Where the public key goes; default: as katpkg.toml says."
)
@click.pass_obj
def new(session: Session, *, user_id: str, secret: Path, public: Path | None) -> None:
    """Make a signing key: an Ed25519 primary key and a subkey that signs.

    The secret key is written readable by you alone, without a passphrase; it is what KATPKG_SIGNING_KEY takes.
    Neither file may exist already: a key is never overwritten.
    """
    from katpkg.repository.keys import new_key

    public = public or session.project.signing.public_key
    for path in (secret, public):
        if path.exists():
            raise _there(path)
    made = new_key(user_id)
    _write(secret, made.secret, mode=0o600)
    try:
        _write(public, made.public, mode=0o644)
    except BaseException:
        secret.unlink()
        raise
    session.reporter.note(f"to publish: export {SIGNING_KEY_FILE}={secret}")
    session.result([str(made.fingerprint)], fingerprint=made.fingerprint, secret=secret, public=public)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:  # somebody made one while we made ours
        raise _there(path) from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(content)


def _there(path: Path) -> SigningError:
    return SigningError("a key is never overwritten", where=str(path), hint=f"mv {path} {path}.old")
