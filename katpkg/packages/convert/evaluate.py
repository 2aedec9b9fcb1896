"""Thinking a maintainer script through: which commands it comes to, with which words, for given arguments.

Nothing is run. Where nobody knows which way it goes, both ways are thought through, and must come to the same.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence

from katpkg.errors import BuildError
from katpkg.packages.convert.conditions import Status, Value, negated, test
from katpkg.packages.convert.expand import NOTHING_YET, Words, assignment
from katpkg.packages.convert.machine import Machine
from katpkg.packages.convert.script import HINT, Call, Command, NotUnderstood, Script
from katpkg.packages.convert.shell import parse_script
from katpkg.packages.convert.tokens import NoShell
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

QUIET_OUTPUTS = ("/dev/null", "1", "2", "/dev/stderr", "&1", "&2")

READERS = frozenset(["awk", "cat", "cut", "egrep", "grep", "head", "sed", "sort", "tail", "tr", "uniq", "wc", "xargs"])
"""Programs that only read, at the end of a pipe."""


class _Ended(Exception):
    """The script, or a function of it, is over."""

    def __init__(self, *, script: bool) -> None:
        super().__init__()
        self.script = script


def evaluate(
    script: Script,
    arguments: Sequence[str],
    machine: Machine,
    commands: Mapping[str, Command],
    answers: Mapping[str, str],
) -> None:
    """Think ``script`` through on ``machine``, which is changed.

    Raises BuildError with the line that is not understood.
    """
    if not script.text.startswith(("#!/bin/sh", "#! /bin/sh", "#!/bin/bash", "#!/usr/bin/sh")):
        raise BuildError("it is no shell script", where=script.at(1), hint=HINT, details=script.text.split("\n")[0])
    try:
        _Evaluator(arguments, machine, commands, answers).run(parse_script(script.text))
    except (NotUnderstood, NoShell) as error:
        line = script.text.split("\n")[error.line - 1].strip()
        raise BuildError(
            f"{script.name} does something that is not understood: {line}", where=script.at(error.line), hint=HINT
        ) from error


class _Evaluator:
    """One script, for one set of arguments."""

    def __init__(
        self,
        arguments: Sequence[str],
        machine: Machine,
        commands: Mapping[str, Command],
        answers: Mapping[str, str],
    ) -> None:
        self._words = Words(arguments, machine, commands)
        self._machine = machine
        self._commands = commands
        self._answers = answers
        self._functions: dict[str, Node] = {}

    def run(self, nodes: Nodes) -> None:
        try:
            self._list(nodes)
        except _Ended:
            return

    def _list(self, nodes: Nodes) -> Status:
        status: Status = True
        for node in nodes:
            status = self._node(node)
        return status

    def _node(self, node: Node) -> Status:  # noqa: C901  # one line for each kind of node
        match node:
            case Simple():
                return self._simple(node)
            case Pipeline():
                return self._pipeline(node.commands)
            case Not():
                return negated(self._node(node.command))
            case Chain():
                return self._chain(node)
            case If():
                return self._if(node.branches, node)
            case Case():
                return self._case(node)
            case For():
                return self._for(node)
            case Group():
                return self._list(node.body)
            case Function():
                self._functions[node.name] = node.body
                return True
            case While():
                raise NotUnderstood(node.line)

    def _chain(self, node: Chain) -> Status:
        status = self._node(node.left)
        if status is None:
            return self._either(node.line, lambda: self._node(node.right), lambda: None)
        return self._node(node.right) if status is (node.sign == "&&") else status

    def _if(self, branches: Sequence[tuple[Nodes, Nodes]], node: If) -> Status:
        if not branches:
            return self._list(node.otherwise)
        (condition, body), *others = branches
        status = self._list(condition)
        if status is None:
            line = condition[0].line if condition else node.line
            return self._either(line, lambda: self._list(body), lambda: self._if(others, node))
        return self._list(body) if status else self._if(others, node)

    def _either(self, line: int, first: Callable[[], Status], second: Callable[[], Status]) -> Status:
        """Both ways, which must come to the same."""
        before, variables = self._machine.copy(), dict(self._words.variables)
        ends: list[bool | None] = []
        effects = []
        for way in (first, second):
            self._restore(before.copy())
            self._words.variables = dict(variables)
            try:
                way()
                ends.append(None)
            except _Ended as ended:
                ends.append(ended.script)
            effects.append(self._machine.copy().effects())
        if effects[0] != effects[1] or ends[0] is not ends[1]:
            raise NotUnderstood(line)
        if ends[0] is not None:
            raise _Ended(script=ends[0])
        return None

    def _restore(self, machine: Machine) -> None:
        for name in Machine.__slots__:
            setattr(self._machine, name, getattr(machine, name))

    def _case(self, node: Case) -> Status:
        value = self._words.text(node.word)
        if value is None:
            raise NotUnderstood(node.line)
        for patterns, body in node.branches:
            for pattern in patterns:
                text = self._words.text(pattern)
                if text is None:
                    raise NotUnderstood(node.line)
                if fnmatch.fnmatchcase(value, text):
                    return self._list(body)
        return True

    def _for(self, node: For) -> Status:
        status: Status = True
        for value in self._words.values(node.words):
            if value is None or "*" in value:
                raise NotUnderstood(node.line)
            self._words.variables[node.name] = value
            status = self._list(node.body)
        return status

    def _pipeline(self, commands: Sequence[Node]) -> Status:
        """Programs that read what others print: nobody knows what they say, and nothing becomes of it."""
        for command in commands:
            if not isinstance(command, Simple):
                raise NotUnderstood(command.line)
            name = next(iter(self._words.values(command.words)), None)
            if name not in READERS | NOTHING_YET | {"echo", "printf"} or self._writes(command):
                raise NotUnderstood(command.line)
        return None

    def _writes(self, command: Simple) -> bool:
        return any(self._words.text(output) not in QUIET_OUTPUTS for output in command.outputs)

    def _simple(self, node: Simple) -> Status:
        words = list(node.words)
        while words and (assigned := assignment(words[0])):
            variable, rest = assigned
            self._words.variables[variable] = self._words.text(rest)
            words.pop(0)
        values = list(self._words.values(words))
        if not values:
            return True
        name, *arguments = values
        if name is None or self._writes(node):
            raise NotUnderstood(node.line)
        return self._call(name, arguments, node)

    def _call(self, name: str, arguments: list[Value], node: Simple) -> Status:
        if name in ("exit", "return"):
            raise _Ended(script=name == "exit")
        if name in ("echo", "printf"):
            return True
        if name in ("[", "test"):
            return test(arguments[: -1 if name == "[" else None], self._machine, self._commands)
        if name in self._functions:
            return self._function(self._functions[name], arguments)
        command = self._commands.get(name.rpartition("/")[2] if name.startswith("/") else name)
        words = tuple(each for each in arguments if each is not None)
        if command is None or len(words) < len(arguments):
            raise NotUnderstood(node.line)
        call = Call(
            name=name.rpartition("/")[2],
            words=words,
            machine=self._machine,
            variables=self._words.variables,
            answers=self._answers,
        )
        try:
            return command(call)
        except ValueError as error:
            raise NotUnderstood(node.line) from error

    def _function(self, body: Node, arguments: Sequence[Value]) -> Status:
        kept = {name: value for name, value in self._words.variables.items() if name.isdigit() or name in "@*#"}
        for name in kept:
            del self._words.variables[name]
        self._words.variables |= {str(number): each for number, each in enumerate(arguments, 1)}
        try:
            return self._node(body)
        except _Ended as ended:
            if ended.script:
                raise
            return None
        finally:
            for name in [name for name in self._words.variables if name.isdigit()]:
                del self._words.variables[name]
            self._words.variables |= kept
