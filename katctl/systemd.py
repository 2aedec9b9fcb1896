"""Units through systemctl(1)."""

from __future__ import annotations

from collections.abc import Sequence

from katctl import process
from katctl.errors import ToolFailed

PATIENCE = 600
"""Seconds for units to start or stop; systemd's own limits come first."""


def state(unit: str) -> str:
    """active, inactive, failed, activating …"""
    return show(unit, "ActiveState")


def is_active(unit: str) -> bool:
    """Whether it runs."""
    return state(unit) == "active"


def is_masked(unit: str) -> bool:
    """Whether the administrator forbade it."""
    return show(unit, "LoadState") == "masked"


def is_enabled(unit: str) -> bool:
    """Whether it starts at boot."""
    return show(unit, "UnitFileState") == "enabled"


def show(unit: str, what: str) -> str:
    """One property."""
    return process.run(["systemctl", "show", f"--property={what}", "--value", unit]).strip()


def enable(unit: str) -> None:
    """Start it at boot from now on; dpkg takes that back when its package is purged."""
    # not deb-systemd-helper: what its update-state has seen without a link, it takes for disabled by the administrator
    process.run(["systemctl", "--quiet", "enable", unit])


def disable(units: Sequence[str]) -> None:
    """Stop them, and start them at boot no more. Raises ToolFailed."""
    process.run(["systemctl", "disable", "--now", *units], patience=PATIENCE)


def start(units: Sequence[str]) -> None:
    """Start them together; what runs already is left alone. Raises ToolFailed with the journal's last words."""
    _act("start", units)


def restart(units: Sequence[str]) -> None:
    """Start them anew. Raises ToolFailed with the journal's last words."""
    _act("restart", units)


def stop(units: Sequence[str]) -> None:
    """Stop them, and wait until they are. Raises ToolFailed."""
    if units:
        process.run(["systemctl", "stop", *units], patience=PATIENCE)


def reload() -> None:
    """Read all units anew."""
    process.run(["systemctl", "daemon-reload"])


def forget_failures(units: Sequence[str]) -> None:
    """So that they are not too often started; those that never failed are fine."""
    process.succeeds(["systemctl", "reset-failed", *units])


def last_words(unit: str, lines: int = 12) -> str:
    """The end of its journal."""
    try:
        command = ["journalctl", "--no-pager", "--output=cat", f"--lines={lines}", f"--unit={unit}"]
        return process.run(command, patience=20).strip()
    except ToolFailed:
        return ""


def _act(verb: str, units: Sequence[str]) -> None:
    if not units:
        return
    forget_failures(units)
    try:
        process.run(["systemctl", verb, *units], patience=PATIENCE)
    except ToolFailed as error:
        failed = [unit for unit in units if not is_active(unit)]
        words = last_words(failed[0]) if failed else ""
        raise ToolFailed(
            f"{', '.join(failed or units)} did not start",
            hint=f"journalctl -u {(failed or units)[0]}",
            details=words or error.details,
        ) from error
