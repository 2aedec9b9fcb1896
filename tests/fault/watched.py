"""A store whose every call somebody is told of: to have others work in between, or to have it go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from katpkg.store.base import Store

UNTOLD = {"where", "token", "ahead"}
"""What asks nothing of a store."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """Numbers the calls of one actor, each before and after it is made."""

    before: Callable[[int, str], None] = field(default=lambda *_: None)
    after: Callable[[int, str], None] = field(default=lambda *_: None)
    count: int = 0

    def over(self, store: Store, parallel: int = 1) -> Store:
        """``store`` as the actor sees it, who makes ``parallel`` calls at once."""
        return cast(Store, _Watched(store, self, parallel))


class _Watched:
    def __init__(self, store: Store, watch: Watch, parallel: int) -> None:
        self.parallel = parallel
        self._store = store
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in UNTOLD:
            return found

        def told(*words: Any, **more: Any) -> Any:
            self._watch.count += 1
            number, what = self._watch.count, f"{name} {words[0] if words else ''}"
            self._watch.before(number, what)
            result = found(*words, **more)
            self._watch.after(number, what)
            return result

        return told
