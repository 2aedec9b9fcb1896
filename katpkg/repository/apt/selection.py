"""What selectors mean in a suite; one that means nothing is a mistake."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from katpkg.errors import RepositoryError
from katpkg.model.names import PackageName, Selector, SuiteName
from katpkg.model.version import Version
from katpkg.repository.apt import layout
from katpkg.repository.apt.index import Index
from katpkg.repository.published import Key

Versions = Mapping[PackageName, frozenset[Version]]
"""Some versions of some packages."""


def keys_for(selectors: Sequence[Selector], indexes: Sequence[Index]) -> set[Key]:
    """What is in ``indexes`` and ``selectors`` may mean; all that is there when one is a pattern, or means nothing."""
    names = {selector.name for selector in selectors}
    if not any(selector.is_pattern for selector in selectors):
        found = {key for index in indexes for key in index.keys_of(names)}
        if names == {name for name, _, _ in found}:
            return found
    return {key for index in indexes for key in index.every_key()}


def select(suite: SuiteName, selectors: Sequence[Selector], keys: Collection[Key]) -> Versions:
    """The versions among ``keys``, which are what ``suite`` has, that ``selectors`` mean.

    Raises RepositoryError when one of them means none.
    """
    found: set[tuple[PackageName, Version]] = set()
    for selector in selectors:
        meant = {(name, version) for name, version, _ in keys if selector.selects(name, version)}
        if not meant:
            raise _nothing(suite, selector, keys)
        found |= meant
    return by_name(found)


def by_name(pairs: Iterable[tuple[PackageName, Version]]) -> Versions:
    """``pairs`` by their names."""
    found: dict[PackageName, frozenset[Version]] = {}
    for name, version in pairs:
        found[name] = found.get(name, frozenset()) | {version}
    return found


def _nothing(suite: SuiteName, selector: Selector, keys: Collection[Key]) -> RepositoryError:
    versions = sorted({version for name, version, _ in keys if name == selector.name})
    near = difflib.get_close_matches(selector.name, sorted({name for name, _, _ in keys}), n=1)
    hint = f"it has {', '.join(versions)}" if versions else f"did you mean {near[0]}?" if near else None
    return RepositoryError(
        f"{selector} is not published in {suite}",
        where=layout.dists(suite, "InRelease"),
        hint=hint or f"katpkg history {suite} --changes",
    )
