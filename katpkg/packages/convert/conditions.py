"""What test(1) says on the machine that scripts are thought through on; None when nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import PurePosixPath

from katpkg.packages.convert.machine import Machine, canonical

Status = bool | None
Value = str | None

NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
}


def negated(status: Status) -> Status:
    """The opposite, when that is known."""
    return None if status is None else not status


def test(words: Sequence[Value], machine: Machine, known: Collection[str]) -> Status:
    """What ``[ words ]`` says; ``known`` are the programs that are understood, and thereby there."""
    for sign in ("-o", "-a"):
        if sign in words and len(words) > 3:
            at = list(words).index(sign)
            return _joined(sign, test(words[:at], machine, known), test(words[at + 1 :], machine, known))
    match list(words):
        case []:
            return False
        case ["!", *others]:
            return negated(test(others, machine, known))
        case [value]:
            return None if value is None else value != ""
        case [str(sign), value]:
            return _unary(sign, value, machine, known)
        case [left, str(sign), right]:
            return _binary(left, sign, right)
        case _:
            return None


def _joined(sign: str, left: Status, right: Status) -> Status:
    decisive = sign == "-o"
    if left is decisive or right is decisive:
        return decisive
    return None if left is None or right is None else not decisive


def _unary(sign: str, value: Value, machine: Machine, known: Collection[str]) -> Status:
    if value is None:
        return None
    match sign:
        case "-n":
            return value != ""
        case "-z":
            return value == ""
        case "-e" | "-f" | "-r" | "-x" | "-d":
            if value == "":
                return False
            return machine.is_directory(value) if sign == "-d" else _is_there(value, machine, known)
        case "-L" | "-h":
            node = machine.files.get(canonical(value))
            return bool(node and node.target) if node or machine.exists(value) is False else None
        case _:
            return None


def _is_there(path: str, machine: Machine, known: Collection[str]) -> Status:
    found = machine.exists(path)
    place = PurePosixPath(canonical(path))
    if found is None and str(place.parent) in ("/usr/bin", "/usr/sbin") and place.name in known:
        return True
    return found


def _binary(left: Value, sign: str, right: Value) -> Status:
    if left is None or right is None:
        return None
    if sign in ("=", "==", "!="):
        return (left == right) is (sign != "!=")
    if sign in NUMBERS and left.isdigit() and right.isdigit():
        return NUMBERS[sign](int(left), int(right))
    return None
