"""A shell script as words and signs, POSIX 2.3: quotes resolved, comments gone, nothing expanded yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

SIGNS = ("&&", "||", ";;", ";", "&", "|", "(", ")", "\n")
REDIRECTION = re.compile(r"[0-9]*(<<-|<<|<&|>>|>&|>\||<|>)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9@*#])(?::?-([^}${`\"']*))?")
ALTERNATIVE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):?\+")
PLAIN = re.compile(r"[^\s;&|()<>\\'\"$`]+")


class NoShell(ValueError):
    """The text is no script that can be read; ``line`` is where."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


class PieceKind(Enum):
    """What a part of a word is."""

    TEXT = "text"
    PARAMETER = "parameter"
    ALTERNATIVE = "alternative"
    """What stands for a parameter that is not empty: ``${NAME:+...}``."""
    COMMAND = "command"
    """What a command prints, and whatever else is not looked into."""


class Piece(NamedTuple):
    """A part of a word."""

    kind: PieceKind
    text: str
    quoted: bool = False
    default: str = ""
    """What stands for a parameter that is empty."""


Word = tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word; a sign of SIGNS; or a redirection, whose target is the next token."""

    line: int
    word: Word = ()
    sign: str = ""
    is_redirection: bool = False

    @property
    def plain(self) -> str:
        """A word that is nothing but unquoted text, as reserved words are; else empty."""
        if len(self.word) == 1 and self.word[0].kind is PieceKind.TEXT and not self.word[0].quoted:
            return self.word[0].text
        return ""


class Tokens:
    """Reads ``text`` from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._documents: list[str] = []

    def __iter__(self) -> Iterator[Token]:
        """Every token in turn. Raises NoShell."""
        while self._skip_blanks():
            line = self._line()
            if found := REDIRECTION.match(self._text, self._at):
                self._at = found.end()
                if found[1].startswith("<<"):
                    self._document()
                else:
                    yield Token(line=line, sign=found[1], is_redirection=True)
            elif sign := next((each for each in SIGNS if self._text.startswith(each, self._at)), ""):
                self._at += len(sign)
                if sign == "\n":
                    self._skip_documents()
                yield Token(line=line, sign=sign)
            else:
                yield Token(line=line, word=self._word())

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip_blanks(self) -> bool:
        """To the next token; whether there is one."""
        while self._at < len(self._text):
            if self._text[self._at] in " \t\r":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] == "#":
                self._at = self._find("\n", len(self._text))
            else:
                return True
        return False

    def _find(self, what: str, otherwise: int | None = None) -> int:
        found = self._text.find(what, self._at)
        if found < 0:
            if otherwise is None:
                raise NoShell(self._line())
            return otherwise
        return found

    def _document(self) -> None:
        """Note how a here-document ends, which begins after this line; what it says is of no concern here."""
        self._skip_blanks()
        self._documents.append("".join(piece.text for piece in self._word()))

    def _skip_documents(self) -> None:
        for end in self._documents:
            found = re.compile(rf"^\t*{re.escape(end)}$", re.MULTILINE).search(self._text, self._at)
            if found is None:
                raise NoShell(self._line())
            self._at = min(found.end() + 1, len(self._text))
        self._documents.clear()

    def _word(self) -> Word:
        pieces: list[Piece] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            if found := PLAIN.match(self._text, self._at):
                self._at = found.end()
                pieces.append(Piece(PieceKind.TEXT, found[0]))
            elif character == "'":
                self._at += 1
                pieces.append(Piece(PieceKind.TEXT, self._until("'"), quoted=True))
            elif character == '"':
                pieces += self._double_quoted()
            elif character == "\\":
                self._at += 2
                if self._text[self._at - 1] != "\n":
                    pieces.append(Piece(PieceKind.TEXT, self._text[self._at - 1 : self._at], quoted=True))
            elif character in "$`":
                pieces.append(self._expansion(quoted=False))
            else:
                break
        return tuple(pieces)

    def _until(self, end: str) -> str:
        stop = self._find(end)
        found = self._text[self._at : stop]
        self._at = stop + len(end)
        return found

    def _double_quoted(self) -> list[Piece]:
        self._at += 1
        pieces = [Piece(PieceKind.TEXT, "", quoted=True)]
        while (character := self._peek()) != '"':
            if character in "$`":
                pieces.append(self._expansion(quoted=True))
                continue
            if character == "\\":
                self._at += 1
                following = self._peek()
                character = {"\n": ""}.get(following, following if following in '$`"\\' else f"\\{following}")
            self._at += 1
            pieces.append(Piece(PieceKind.TEXT, character, quoted=True))
        self._at += 1
        return pieces

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise NoShell(self._line())
        return self._text[self._at]

    def _expansion(self, *, quoted: bool) -> Piece:
        sign = self._text[self._at]
        self._at += 1
        if sign == "`":
            return Piece(PieceKind.COMMAND, self._until("`"), quoted)
        if self._text.startswith("(", self._at):
            return Piece(PieceKind.COMMAND, self._parenthesised(), quoted)
        if self._text.startswith("{", self._at):
            self._at += 1
            inside = self._until("}")
            if found := ALTERNATIVE.match(inside):
                return Piece(PieceKind.ALTERNATIVE, found[1], quoted)
            found = BRACED.fullmatch(inside)
            if found is None:
                return Piece(PieceKind.COMMAND, f"${{{inside}}}", quoted)
            return Piece(PieceKind.PARAMETER, found[1], quoted, found[2] or "")
        if found := NAME.match(self._text, self._at):
            self._at = found.end()
            return Piece(PieceKind.PARAMETER, found[0], quoted)
        return Piece(PieceKind.TEXT, "$", quoted)

    def _parenthesised(self) -> str:
        """What is between this parenthesis and the one that closes it, whatever quotes are in it."""
        begin = self._at + 1
        depth = 0
        while True:
            character = self._peek()
            self._at += 1
            if character == "'":
                self._until("'")
            elif character in "()":
                depth += 1 if character == "(" else -1
                if depth == 0:
                    return self._text[begin : self._at - 1]
