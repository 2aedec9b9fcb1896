"""What the words of a script come to, as far as that is known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from katpkg.packages.convert.conditions import Value
from katpkg.packages.convert.machine import Machine
from katpkg.packages.convert.shell import parse_script
from katpkg.packages.convert.tokens import NoShell, Piece, PieceKind, Word
from katpkg.packages.convert.tree import Node, Pipeline, Simple

CUT = re.compile(r"-d ?(.) -f ?([1-9])")

NOTHING_YET = frozenset(["ss", "pidof", "pgrep", "netstat"])
"""Programs that print nothing on a machine where nothing runs."""


class Words:
    """A script's variables, and what words come to with them. ``known`` are the programs that are understood."""

    def __init__(self, arguments: Sequence[str], machine: Machine, known: Collection[str]) -> None:
        self.variables: dict[str, Value] = {str(number): each for number, each in enumerate(arguments, 1)}
        self.variables |= {"@": " ".join(arguments), "*": " ".join(arguments), "#": str(len(arguments))}
        self._machine = machine
        self._commands = known

    def values(self, words: Sequence[Word]) -> Iterator[Value]:
        """What words come to: those that are not quoted may come to several, or to none."""
        for word in words:
            value = self.text(word)
            if value is None or any(piece.quoted for piece in word):
                yield value
            elif any(piece.kind in (PieceKind.PARAMETER, PieceKind.ALTERNATIVE) for piece in word):
                yield from value.split()
            else:
                yield value

    def text(self, word: Word) -> Value:
        """What ``word`` comes to, as one."""
        values = [self._piece(piece) for piece in word]
        return None if None in values else "".join(value for value in values if value is not None)

    def _piece(self, piece: Piece) -> Value:
        match piece.kind:
            case PieceKind.TEXT:
                return piece.text
            case PieceKind.PARAMETER:
                value = self.variables.get(piece.text, "")
                return piece.default if value == "" else value
            case PieceKind.ALTERNATIVE:
                return "" if self.variables.get(piece.text, "") == "" else None
            case PieceKind.COMMAND:
                return self._printed(piece.text)

    def _printed(self, text: str) -> Value:
        """What commands print, for the few of which that is known."""
        try:
            nodes = parse_script(text)
        except NoShell:
            return None
        match nodes:
            case (Simple() as only,):
                return self._said(only)
            case (Pipeline(commands=(Simple() as first, *others)),):
                return self._passed_on(self._said(first), others)
            case _:
                return None

    def _said(self, command: Simple) -> Value:
        match list(self.values(command.words)):
            case ["command", "-v", str(name)] | ["which", str(name)]:
                return f"/usr/bin/{name}" if name in self._commands else None
            case ["echo", *words]:
                return None if None in words else " ".join(word for word in words if word)
            case ["getent", "passwd", str(name)] | ["id", "-u", str(name)] if not self._machine.has_user(name):
                return ""
            case [name, *_] if name in NOTHING_YET:
                self._machine.note("it starts even where something else has its port")
                return ""
            case _:
                return None

    def _passed_on(self, value: Value, readers: Sequence[Node]) -> Value:
        """What a pipe makes of ``value``: of nothing, nothing."""
        if value == "" or value is None:
            return value
        match [list(self.values(each.words)) for each in readers if isinstance(each, Simple)]:
            case [["cut", *options]]:
                found = CUT.fullmatch(" ".join(option or "?" for option in options))
                fields = value.split(found[1]) if found else []
                return fields[int(found[2]) - 1] if found and int(found[2]) <= len(fields) else None
            case _:
                return None


def assignment(word: Word) -> tuple[str, Word] | None:
    """The name and the value, when a word is an assignment."""
    first = word[0]
    if first.kind is not PieceKind.TEXT or first.quoted:
        return None
    name, equals, rest = first.text.partition("=")
    if not equals or not name.isidentifier():
        return None
    return name, (Piece(PieceKind.TEXT, rest), *word[1:])
