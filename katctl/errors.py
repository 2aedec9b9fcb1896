"""Everything that can go wrong on purpose: what, where, and what to do about it.

``str(error)`` is the message; ``cli`` prints an error and exits with the code of its family. 1 says that something is
not well, 2 that the command line was wrong.
"""

from __future__ import annotations

from typing import ClassVar


class KatctlError(Exception):
    """``where`` names file, step or address; ``hint`` is an imperative; ``details`` is the tail of a tool's words."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, where: str | None = None, hint: str | None = None, details: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.details = details


class DefinitionError(KatctlError):
    """What packages say about themselves cannot be used."""

    exit_code = 3


class SettingsError(KatctlError):
    """A value that is set, or is not set, keeps services from working."""

    exit_code = 4


class StepFailed(KatctlError):
    """A step of setting up did not reach its end."""

    exit_code = 5


class BackupError(KatctlError):
    """A backup cannot be made, or is not one that can be restored here."""

    exit_code = 6


class ToolFailed(KatctlError):
    """A program that Debian ships was missing or refused."""

    exit_code = 9


def of_the_system(error: OSError, where: str = "") -> StepFailed:
    """What the operating system refused, as one of ours: a full disk, a file system that is read-only."""
    words = error.strerror or str(error)
    return StepFailed(words, where=str(error.filename or where) or None, hint="mend that, then call it again")


FAMILIES = (DefinitionError, SettingsError, StepFailed, BackupError, ToolFailed)
"""Every family, for the page that documents their codes."""
