"""Everything that can go wrong on purpose: what, where, and what to do about it.

``str(error)`` is the message. One boundary, in ``cli/``, prints an error and exits with the code of its family;
2 is click's usage error, 1 means a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class KatpkgError(Exception):
    """An error with a reader: ``message`` says what is wrong, ``where`` names the key path, file or URL,
    ``hint`` is an imperative that works when pasted, ``details`` is the tail of a tool's stderr.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, where: str | None = None, hint: str | None = None, details: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.details = details


class ConfigError(KatpkgError):
    """The definition (katpkg.toml, modules/*.toml, katpkg.lock) cannot be used as it is written."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        details: str | None = None,
        others: Sequence[ConfigError] = (),
    ) -> None:
        super().__init__(message, where=where, hint=hint, details=details)
        self.others = tuple(others)

    @classmethod
    def together(cls, errors: Sequence[ConfigError]) -> ConfigError:
        """One error that carries all of ``errors`` (at least one), so that they are mended in one go."""
        first, *rest = errors
        return cls(first.message, where=first.where, hint=first.hint, details=first.details, others=rest)


class SourceError(KatpkgError):
    """An artifact is missing, is not what was promised, or is not safe to unpack."""

    exit_code = 4


class BuildError(KatpkgError):
    """A package cannot be built, or was built and is not fit to be published."""

    exit_code = 5


class SigningError(KatpkgError):
    """No key, the wrong key, or a signature that apt would not accept."""

    exit_code = 6


class RepositoryError(KatpkgError):
    """The published archive does not allow the change that is asked for."""

    exit_code = 7


class StoreError(KatpkgError):
    """The place where the archive lives cannot be read or written."""

    exit_code = 8


class ToolError(KatpkgError):
    """A program that katpkg calls is missing or failed."""

    exit_code = 9


FAMILIES: tuple[type[KatpkgError], ...] = (
    ConfigError,
    SourceError,
    BuildError,
    SigningError,
    RepositoryError,
    StoreError,
    ToolError,
)
