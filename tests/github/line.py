"""What lies between storage and whoever fetches from it."""

from __future__ import annotations

import threading
import time


class Line:
    """Shared by all connections: it carries ``rate`` bytes a second, or as fast as it goes when that is 0."""

    def __init__(self, rate: float = 0.0) -> None:
        self._rate = rate
        self._free = 0.0
        self._lock = threading.Lock()

    def carry(self, size: int) -> None:
        """Take as long as ``size`` bytes take, once those before them are through."""
        if self._rate:
            with self._lock:
                self._free = until = max(self._free, time.monotonic()) + size / self._rate
            time.sleep(max(until - time.monotonic(), 0.0))
