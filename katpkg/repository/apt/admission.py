"""What may not be published: a package in two components, and anything where it is not known what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from katpkg.errors import RepositoryError
from katpkg.model.names import Component
from katpkg.repository.apt import layout
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.base import Reader


def must_not_move(draft: Draft, reader: Reader, found: Mapping[Component, Sequence[Stanza]]) -> None:
    """Raise RepositoryError when a package of ``found`` is published in another component: it would have two files."""
    every = draft.current.shelves() if draft.current else ()
    shelves = [shelf for shelf in every if any(found[component] for component in found if component != shelf[0])]
    if not shelves:
        return
    wanted = {stanza.key: (component, stanza) for component, stanzas in found.items() for stanza in stanzas}
    for shelf, index in zip(shelves, draft.read(reader, shelves), strict=True):
        for key in index.every_key():
            name, stanza = wanted.get(key, (shelf[0], None))
            if stanza is not None and name != shelf[0]:
                raise RepositoryError(
                    f"{stanza} is published in {shelf[0]} and cannot go to {name} as well",
                    where=layout.dists(draft.suite.name, layout.packages(*shelf)),
                    hint=f"publish a later version to {name}, or take it out first: "
                    f"katpkg remove {draft.suite.name} {stanza.name}={stanza.version}",
                )


def must_not_be_lost(draft: Draft, reader: Reader) -> None:
    """Raise RepositoryError when a suite without InRelease was published before: all that it had would be gone.

    Release is a copy, and written after InRelease; so who sees it looks again, for somebody may just have begun.
    """
    name = draft.suite.name
    if draft.current is None and reader.read(layout.dists(name, "Release")) is not None:
        key = layout.dists(name, "InRelease")
        if reader.read(key) is None:
            raise RepositoryError(
                "InRelease is lost: Release tells that the suite was published",
                where=key,
                hint=f"katpkg rollback {name} GENERATION (katpkg history {name}); to begin anew, remove dists/{name}",
            )
