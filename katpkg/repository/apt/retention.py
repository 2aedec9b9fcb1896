"""What stays when an archive is pruned: the newest, the young and the pinned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from katpkg.model.archive import RetentionSpec
from katpkg.model.names import Architecture, PackageName
from katpkg.model.version import Version
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.revise import Edits
from katpkg.repository.apt.selection import Versions, by_name
from katpkg.repository.base import Reader, Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire:
    """Take old versions out of a suite's indexes; their files stay as long as an earlier generation has them."""

    retention: RetentionSpec
    now: datetime
    """By the store's clock."""
    modified: Mapping[str, datetime]
    """When each pool file was written, by its key; what is not here is young."""

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """From every index."""
        shelves = list(draft.current.shelves()) if draft.current else []
        stanzas = {stanza.key: stanza for index in draft.read(reader, shelves) for stanza in index.stanzas()}
        if old := superseded(stanzas.values(), self):
            draft.edit(reader, {shelf: Edits(drop=old) for shelf in shelves})


class Versioned(Protocol):
    """A published package, whatever its format."""

    @property
    def name(self) -> PackageName:
        """The package's name."""

    @property
    def version(self) -> Version:
        """Its version."""

    @property
    def architecture(self) -> Architecture:
        """Its architecture."""

    @property
    def filename(self) -> str:
        """The key of its file."""


def superseded(stanzas: Collection[Versioned], rule: Expire) -> Versions:
    """The versions that need not stay in a suite that has ``stanzas``.

    A version goes from all architectures or from none: packages of one version need each other.
    """
    versions: dict[tuple[PackageName, Architecture], set[Version]] = defaultdict(set)
    for stanza in stanzas:
        versions[stanza.name, stanza.architecture].add(stanza.version)
    newest = {
        (name, version)
        for (name, _), found in versions.items()
        for version in sorted(found, reverse=True)[: rule.retention.versions]
    }
    kept = newest | {(each.name, each.version) for each in stanzas if _stays(each, rule)}
    return by_name({(each.name, each.version) for each in stanzas} - kept)


def _stays(stanza: Versioned, rule: Expire) -> bool:
    age = rule.now - rule.modified.get(stanza.filename, rule.now)
    pinned = any(each.selects(stanza.name, stanza.version) for each in rule.retention.pinned)
    return pinned or age < timedelta(days=rule.retention.days)
