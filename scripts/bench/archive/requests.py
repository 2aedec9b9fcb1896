"""What came by on the way to an S3 server: how many requests, and how many of them had to wait for each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from scripts.lab.faults import Request
from scripts.lab.proxy import FaultProxy, _Handler, _Rule

LISTING = {"list-type", "prefix", "delimiter", "marker", "max-keys"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A request, from when it came to when it was answered."""

    method: str
    path: str
    query: str
    began: float
    ended: float

    @property
    def is_list(self) -> bool:
        """Whether it asks what is in the bucket."""
        return self.method == "GET" and bool(LISTING & parse_qs(self.query, keep_blank_values=True).keys())


class Watch(FaultProxy):
    """Keeps the time of every request; adds ``latency`` to each, in seconds."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.spans: list[Span] = []

    def reset(self) -> None:
        """Forget what came by."""
        self.spans.clear()
        self.requests.clear()
        self.peak = 0

    def _answer(self, handler: _Handler, request: Request, rule: _Rule | None) -> None:
        began = time.monotonic()
        try:
            super()._answer(handler, request, rule)
        finally:
            ended = time.monotonic()
            words = {"method": request.method, "path": request.path, "query": request.query}
            self.spans.append(Span(**words, began=began, ended=ended))


def round_trips(spans: Sequence[Span]) -> int:
    """The longest chain of requests of which each began after the one before had ended."""
    chain, end = 0, 0.0
    for span in sorted(spans, key=lambda span: span.ended):
        if span.began >= end:
            chain, end = chain + 1, span.ended
    return chain
