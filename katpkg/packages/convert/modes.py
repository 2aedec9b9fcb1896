"""Modes of files as chmod(1) is told them."""

from __future__ import annotations

import re

CLAUSE = re.compile(r"(?P<who>[ugoa]+)(?P<how>[=+-])(?P<what>[rwx]*)")
SHIFTS = {"u": 6, "g": 3, "o": 0}
ALL = {"u": 0o4700, "g": 0o2070, "o": 0o7}
"""What ``=`` says anew, of files: setuid and setgid too."""
RIGHTS = {"r": 4, "w": 2, "x": 1}


def changed(mode: int, told: str) -> int:
    """What ``mode`` becomes by ``0640`` or ``u=rw,g+r,o=``. Raises ValueError for what is written otherwise."""
    if told.isdigit():
        return int(told, 8)
    for clause in told.split(","):
        mode = _by_clause(mode, clause)
    return mode


def _by_clause(mode: int, clause: str) -> int:
    found = CLAUSE.fullmatch(clause)
    if found is None:
        raise ValueError(clause)
    who = found["who"].replace("a", "ugo")
    rights = sum(RIGHTS[each] for each in set(found["what"]))
    bits = sum(rights << SHIFTS[each] for each in set(who))
    match found["how"]:
        case "+":
            return mode | bits
        case "-":
            return mode & ~bits
        case _:
            return mode & ~sum(ALL[each] for each in set(who)) | bits
