"""What a shell script is made of, POSIX 2.9: lists, conditions and simple commands."""

from __future__ import annotations

from dataclasses import dataclass

from katpkg.packages.convert.tokens import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """A command with its arguments, what is assigned before it, and where its output goes."""

    line: int
    words: tuple[Word, ...]
    outputs: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Commands that feed each other."""

    line: int
    commands: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of what a command says."""

    line: int
    command: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """``left && right``, or ``left || right``."""

    line: int
    left: Node
    sign: str
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    """Conditions with what is done for the first that holds."""

    line: int
    branches: tuple[tuple[Nodes, Nodes], ...]
    otherwise: Nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is done for the first pattern that fits."""

    line: int
    word: Word
    branches: tuple[tuple[tuple[Word, ...], Nodes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """Something that is done for each word."""

    line: int
    name: str
    words: tuple[Word, ...]
    body: Nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class While:
    """A loop whose end nobody knows."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Commands that belong together."""

    line: int
    body: Nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Commands under a name."""

    line: int
    name: str
    body: Node


Node = Simple | Pipeline | Not | Chain | If | Case | For | While | Group | Function
Nodes = tuple[Node, ...]
