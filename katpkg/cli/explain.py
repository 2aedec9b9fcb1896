"""``katpkg explain``: where a published package comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from katpkg.cli.environment import Session
from katpkg.cli.selectors import Selectors

if TYPE_CHECKING:
    from katpkg.model.names import Selector
    from katpkg.pipeline.explain import Chain


@click.command
@click.argument("package", type=Selectors())
@click.option("--suite", "suites", metavar="NAME", multiple=True, help="Only in this suite; may be given again.")
@click.pass_obj
def explain(session: Session, package: Selector, *, suites: tuple[str, ...]) -> None:
    """Print the chain from the commit to a published package.

    PACKAGE is its newest version, PACKAGE=VERSION that one. It is read from the signed index, from the package's
    own /usr/share/doc/PACKAGE/built-from, and compared with katpkg.lock. Needs no signing key, and asks nobody but
    the archive.
    """
    from katpkg.cli.suites import chosen_suites, store_of, verifier_of
    from katpkg.pipeline.explain import explain as chain_of
    from katpkg.pipeline.explain import published_as
    from katpkg.sources.lock import Lock, read_lock

    project, store = session.project, store_of(session)
    lock = read_lock(project.lock_file) or Lock(artifacts=())
    found = published_as(chosen_suites(session, suites), store, verifier_of(session), package)
    chains = [chain_of(project, store, each, lock) for each in found]
    session.result([line for chain in chains for line in _lines(chain)], packages=[_row(chain) for chain in chains])


def _row(chain: Chain) -> dict[str, Any]:
    from dataclasses import asdict

    stanza = chain.published.stanza
    return {
        "package": stanza.name,
        "version": stanza.version,
        "architecture": stanza.architecture,
        "suites": chain.published.suites,
        "file": stanza.filename,
        "size": stanza.digest.size,
        "sha256": stanza.digest.sha256,
        "inputs": stanza.inputs or None,
        "built_from": dict(chain.built_from),
        "locked": asdict(chain.locked) if chain.locked else None,
    }


def _lines(chain: Chain) -> Iterator[str]:
    stanza = chain.published.stanza
    yield click.style(f"{stanza} {stanza.architecture}, in {', '.join(chain.published.suites)}", bold=True)
    said = chain.built_from or _as_locked(chain)
    for name, value in (*_story(said), *_end(chain)):
        yield f"  {click.style(f'{name:<12}', dim=True)}{value}"


def _story(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is told of the way from the commit to the build."""
    if "commit" in said:
        yield "commit", f"{said['commit']} of {said['repository']}, {said['ref']}"
    if "run" in said:
        yield "run", f"{said['run']}, attempt {said['attempt']}, of {said['workflow']}, started by {said['event']}"
    if "artifact" in said:
        number = f", id {said['artifact id']}" if "artifact id" in said else ""
        yield "artifact", f"{said['artifact']}{number}, {said['size']} bytes"
        yield "", said["origin"]
        yield "", f"sha256 {said['sha256']}"
        yield "", f"known by: {said['verified']}"
    if "attestation verdict" in said:
        why = said.get("attestation signer") or said.get("attestation reason", "")
        yield "attestation", f"{said['attestation verdict']}: {why}"
    if "fingerprint" in said:
        yield "key", said["fingerprint"]
    if "katpkg" in said:
        target = f" for {said['target']}" if "target" in said else ""
        yield "built", f"by katpkg {said['katpkg']}{target}"


def _end(chain: Chain) -> Iterator[tuple[str, str]]:
    """What is told of the way from the build to the clients, and whether it could be built again."""
    stanza = chain.published.stanza
    if stanza.inputs:
        yield "", f"inputs {stanza.inputs}"
    yield "published", stanza.filename
    yield "", f"sha256 {stanza.digest.sha256}"
    if chain.locked:
        yield "lock", "katpkg.lock names this artifact"
    elif "artifact" in chain.built_from:
        yield "lock", "katpkg.lock names another artifact by now, or none"
    elif not chain.built_from:
        yield "", "published as it came from elsewhere; the file tells nothing about its making"


def _as_locked(chain: Chain) -> Mapping[str, str]:
    """What katpkg.lock says of a package that says nothing itself, in the words that others have."""
    from dataclasses import asdict

    found = chain.locked
    if found is None:
        return {}
    said = {"artifact": found.name, "origin": found.origin, "verified": found.verified}
    said |= {"size": str(found.digest.size), "sha256": found.digest.sha256}
    for prefix, more in (("", found.provenance), ("attestation ", found.attestation)):
        for name, value in asdict(more).items() if more else ():
            if value:
                said["artifact id" if (prefix, name) == ("", "id") else f"{prefix}{name}"] = str(value)
    return said
