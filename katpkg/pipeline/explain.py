"""Where a published package comes from: the chain from the commit to the file that clients download."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from katpkg.errors import RepositoryError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.names import Codename, Selector, SuiteName
from katpkg.model.project import Project
from katpkg.model.suite import SuiteSpec
from katpkg.packages.deb.document import read_document
from katpkg.pipeline.pool import at_hand
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Verifier
from katpkg.repository.published import Key
from katpkg.sources.lock import Lock
from katpkg.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A package, and the suites that have it."""

    stanza: Stanza
    codename: Codename
    suites: tuple[SuiteName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What is known of where a published package comes from."""

    published: Published
    built_from: Mapping[str, str]
    """What it says itself, in /usr/share/doc; nothing for a package that is published as it came."""
    locked: Artifact | None
    """The artifact in katpkg.lock that it was made of; None when the lock has another one by now, or none."""


def published_as(suites: Sequence[SuiteSpec], store: Store, verifier: Verifier, selector: Selector) -> list[Published]:
    """Every package in ``suites`` that ``selector`` means; of several versions the newest, unless it names one.

    Raises RepositoryError when there is none, and what reading the archive raises.
    """
    found: dict[tuple[Codename, Key], Published] = {}
    names = set()
    for suite in suites:
        for stanza in AptRepository(suite).published(store, verifier):
            names.add(stanza.name)
            if selector.selects(stanza.name, stanza.version):
                at = suite.codename, stanza.key
                before = found[at].suites if at in found else ()
                found[at] = Published(stanza=stanza, codename=suite.codename, suites=(*before, suite.name))
    if not found:
        near = difflib.get_close_matches(selector.name, sorted(names), n=1)
        raise RepositoryError(
            f"{selector} is not published",
            where=store.where("dists"),
            hint=f"{near[0]} is, in versions that katpkg history --changes shows" if near else "katpkg publish",
        )
    return list(found.values()) if "=" in selector else list(_newest(found.values()))


def explain(project: Project, store: Store, published: Published, lock: Lock) -> Chain:
    """The chain of ``published``, told by its file in the pool and by ``lock``. Raises RepositoryError, BuildError."""
    built_from = _built_from(store, published.stanza)
    return Chain(published=published, built_from=built_from, locked=_locked(project, published, built_from, lock))


def _newest(found: Iterable[Published]) -> Iterator[Published]:
    newest: dict[tuple[object, ...], Published] = {}
    for each in sorted(found, key=lambda each: each.stanza.version):
        newest[each.codename, each.stanza.name, each.stanza.architecture] = each
    yield from newest.values()


def _built_from(store: Store, stanza: Stanza) -> Mapping[str, str]:
    with at_hand(store, stanza.filename) as path:
        if path is None or Digest.of(path) != stanza.digest:
            raise RepositoryError(
                f"the file of {stanza} is {'missing' if path is None else 'not the one that is published'}",
                where=store.where(stanza.filename),
                hint="katpkg verify says what else is wrong; restore the file from a copy",
            )
        text = read_document(path, f"/usr/share/doc/{stanza.name}/built-from") or ""
    lines = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, colon, value in lines if colon}


def _locked(project: Project, published: Published, built_from: Mapping[str, str], lock: Lock) -> Artifact | None:
    """By the digest that the package names; one that names none came as it is, and is known by its version."""
    stanza = published.stanza
    modules = [each.name for each in project.modules.get(published.codename, ()) if each.package == stanza.name]
    for artifact in lock.artifacts:
        is_here = artifact.codename == published.codename and artifact.module in modules
        is_for_it = stanza.architecture in ("all", artifact.architecture)
        same = built_from["sha256"] == artifact.digest.sha256 if "sha256" in built_from else not built_from
        if is_here and is_for_it and same and (built_from or artifact.version == stanza.version):
            return artifact
    return None
