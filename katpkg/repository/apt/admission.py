"""What may not be published twice: one package has one file, in one component."""

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
