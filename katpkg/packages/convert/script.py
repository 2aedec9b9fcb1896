"""A maintainer script and the calls in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from katpkg.packages.convert.conditions import Status, Value
from katpkg.packages.convert.machine import Machine

HINT = "describe the package as a module of its own: a wheel, a tree, or a .deb with payload.repack = true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A maintainer script."""

    package: str
    name: str
    text: str

    def at(self, line: int) -> str:
        """Where that is, for an error."""
        return f"{self.package}: {self.name}, line {line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command with its words."""

    name: str
    words: tuple[str, ...]
    machine: Machine
    variables: dict[str, Value]
    answers: Mapping[str, str]
    """What debconf would say by itself."""


class NotUnderstood(Exception):
    """A line that nobody here understands."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


Command = Callable[[Call], Status]
"""Changes the machine of the call. Raises ValueError when it is called in a way that is not understood."""
