"""Reading a shell script as a tree. Nothing is run."""

from __future__ import annotations

from collections.abc import Sequence

from katpkg.packages.convert.tokens import NoShell, Token, Tokens, Word
from katpkg.packages.convert.tree import (
    Case,
    Chain,
    For,
    Function,
    Group,
    If,
    Node,
    Nodes,
    Not,
    Pipeline,
    Simple,
    While,
)

ENDS = frozenset(["then", "elif", "else", "fi", "do", "done", "esac", "}", ";;", ")"])
COMPOUND = frozenset(["if", "case", "for", "while", "until", "{", "function"])


def parse_script(text: str) -> Nodes:
    """The tree of ``text``. Raises NoShell."""
    parser = _Parser([*Tokens(text), Token(line=text.count("\n") + 1, sign="\n")])
    nodes = parser.nodes()
    if not parser.is_at_end:
        raise NoShell(parser.line)
    return nodes


class _Parser:
    """Reads tokens from the first to the last."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def line(self) -> int:
        return self._tokens[min(self._at, len(self._tokens) - 1)].line

    def nodes(self) -> Nodes:
        found: list[Node] = []
        while True:
            while self._sign() in ("\n", ";", "&"):
                self._at += 1
            if self.is_at_end or (self._sign() or self._plain()) in ENDS:
                return tuple(found)
            found.append(self._chain())

    def _sign(self) -> str:
        return "" if self.is_at_end or self._tokens[self._at].is_redirection else self._tokens[self._at].sign

    def _plain(self) -> str:
        return "" if self.is_at_end else self._tokens[self._at].plain

    def _expect(self, word: str) -> None:
        if (self._sign() or self._plain()) != word:
            raise NoShell(self.line)
        self._at += 1

    def _accept(self, word: str) -> bool:
        if (self._sign() or self._plain()) == word:
            self._at += 1
            return True
        return False

    def _skip_lines(self) -> None:
        while self._accept("\n"):
            pass

    def _take_word(self) -> Word:
        if self.is_at_end or not self._tokens[self._at].word:
            raise NoShell(self.line)
        self._at += 1
        return self._tokens[self._at - 1].word

    def _chain(self) -> Node:
        left = self._pipeline()
        while (sign := self._sign()) in ("&&", "||"):
            line = self.line
            self._at += 1
            self._skip_lines()
            left = Chain(line=line, left=left, sign=sign, right=self._pipeline())
        return left

    def _pipeline(self) -> Node:
        line = self.line
        if self._accept("!"):
            return Not(line=line, command=self._pipeline())
        commands = [self._command()]
        while self._accept("|"):
            self._skip_lines()
            commands.append(self._command())
        return commands[0] if len(commands) == 1 else Pipeline(line=line, commands=tuple(commands))

    def _command(self) -> Node:
        line, word = self.line, self._plain()
        if self._sign() == "(":
            self._at += 1
            return self._closed(Group(line=line, body=self.nodes()), ")")
        if word not in COMPOUND:
            return self._simple()
        self._at += 1
        match word:
            case "if":
                return self._if(line)
            case "case":
                return self._case(line)
            case "for":
                return self._for(line)
            case "{":
                return self._closed(Group(line=line, body=self.nodes()), "}")
            case "while" | "until":
                self.nodes()
                self._expect("do")
                self.nodes()
                return self._closed(While(line=line), "done")
            case _:
                raise NoShell(line)

    def _closed(self, node: Node, end: str) -> Node:
        """``node`` after the word that ends it; where its output goes is looked at in each of its commands."""
        self._expect(end)
        while not self.is_at_end and self._tokens[self._at].is_redirection:
            self._at += 1
            self._take_word()
        return node

    def _if(self, line: int) -> Node:
        branches = [self._branch()]
        while self._accept("elif"):
            branches.append(self._branch())
        otherwise = self.nodes() if self._accept("else") else ()
        return self._closed(If(line=line, branches=tuple(branches), otherwise=otherwise), "fi")

    def _branch(self) -> tuple[Nodes, Nodes]:
        condition = self.nodes()
        self._expect("then")
        return condition, self.nodes()

    def _case(self, line: int) -> Node:
        word = self._take_word()
        self._skip_lines()
        self._expect("in")
        branches: list[tuple[tuple[Word, ...], Nodes]] = []
        while True:
            self._skip_lines()
            if self._plain() == "esac":
                return self._closed(Case(line=line, word=word, branches=tuple(branches)), "esac")
            self._accept("(")
            patterns = [self._take_word()]
            while self._accept("|"):
                patterns.append(self._take_word())
            self._expect(")")
            branches.append((tuple(patterns), self.nodes()))
            self._accept(";;")

    def _for(self, line: int) -> Node:
        name = self._plain()
        self._take_word()
        words = []
        if self._accept("in"):
            while self._sign() not in ("\n", ";"):
                words.append(self._take_word())
        self._at += self._sign() == ";"
        self._skip_lines()
        self._expect("do")
        return self._closed(For(line=line, name=name, words=tuple(words), body=self.nodes()), "done")

    def _simple(self) -> Node:
        line, words, outputs = self.line, [], []
        while not self.is_at_end:
            token = self._tokens[self._at]
            if token.is_redirection:
                self._at += 1
                target = self._take_word()
                if token.sign.startswith(">"):
                    outputs.append(target)
            elif token.word:
                words.append(self._take_word())
            elif token.sign == "(" and len(words) == 1:
                return self._function(line, self._tokens[self._at - 1].plain)
            else:
                break
        if not words and not outputs:
            raise NoShell(line)
        return Simple(line=line, words=tuple(words), outputs=tuple(outputs))

    def _function(self, line: int, name: str) -> Node:
        self._expect("(")
        self._expect(")")
        self._skip_lines()
        return Function(line=line, name=name, body=self._command())
