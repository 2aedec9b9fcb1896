"""What reaching the network takes besides an address: who we are, the way out, the clock. It enters in ``cli/``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from katpkg.sources.base import BrokenOff


class Secret:
    """Text that is shown to one server, and never printed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def hide_in(self, text: str) -> str:
        """``text`` without it, for what a server says may be what it was told."""
        return text.replace(self._text, "***")

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one call of katpkg may use of the network, shared by all its threads."""

    now: Callable[[], float]
    """Seconds since the epoch."""
    token: Secret | None = None
    """For the API of GitHub, and nobody else."""
    proxy: Callable[[str], str | None] = field(default=lambda _: None)
    """The proxy for a URL."""
    sleep: Callable[[threading.Event, float], object] = field(default=threading.Event.wait)
    """Waits so many seconds, or until the event."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when we are to stop: whatever waits wakes, and whatever downloads breaks off."""

    def pause(self, seconds: float) -> None:
        """Wait. Raises BrokenOff when we are to stop."""
        self.sleep(self.stopping, seconds)
        self.go_on()

    def go_on(self) -> None:
        """Raise BrokenOff when we are to stop."""
        if self.stopping.is_set():
            raise BrokenOff("interrupted", hint="katpkg fetch goes on from there")
