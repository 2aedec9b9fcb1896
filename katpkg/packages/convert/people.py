"""The accounts of a converted package: those its scripts and sysusers.d make, and those that only Debian has."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath, AccountName, Line
from katpkg.model.package import Account
from katpkg.packages.convert.machine import SYSTEM_ACCOUNTS, Machine, User
from katpkg.packages.convert.script import HINT

DEBIANS = {"www-data": "/var/www", "proxy": "/bin", "backup": "/var/backups", "news": "/var/spool/news"}
"""Accounts of Debian's base-passwd that other distributions do not have, and their homes."""

UNIT_ACCOUNT = re.compile(r"(?m)^(?:User|Group|SupplementaryGroups)=(\S+)")
CONFIGURED = re.compile(r"(?<![\w/.-])www-data(?![\w.-])")


def accounts_of(machine: Machine, root: Path, where: str) -> tuple[Account, ...]:
    """All of them, by name; the files below ``root`` that made some are removed.

    Raises BuildError for a group without a user, and for a line of sysusers.d that is not understood.
    """
    users = dict(machine.users)
    for name in sorted(machine.sysusers):
        _declare(users, machine.groups, root / "usr/lib/sysusers.d" / name, where)
    for name in _wanted(machine, root):
        if name in DEBIANS and name not in users:
            users[name] = User(name=name, home=DEBIANS[name])
    _check_groups(machine, users, where)
    return tuple(_account(user, where) for _, user in sorted(users.items()) if user.name not in SYSTEM_ACCOUNTS)


def _account(user: User, where: str) -> Account:
    try:
        return Account(
            name=AccountName(user.name),
            description=Line(user.description or user.name),
            home=AbsolutePath(user.home),
            groups=tuple(AccountName(group) for group in user.groups if group != user.name),
        )
    except ValueError as error:
        raise BuildError(str(error), where=where, hint=HINT) from error


def _declare(users: dict[str, User], groups: set[str], path: Path, where: str) -> None:
    """Add what sysusers.d(5) says, as far as it is about ordinary service accounts."""
    for line in path.read_text().splitlines():
        match shlex.split(line, comments=True):
            case []:
                continue
            case ["u" | "u!", name, _, *rest]:
                description, home = [*rest, "", ""][:2]
                home = home if home.startswith("/") else "/nonexistent"
                users[name] = User(name=name, description=description.strip("-"), home=home)
            case ["g", name, *_]:
                groups.add(name)
            case ["m", name, group] if name in users:
                users[name] = replace(users[name], groups=(*users[name].groups, group))
            case _:
                raise BuildError(f"{path.name} says what is not understood: {line}", where=where, hint=HINT)
    path.unlink()


def _wanted(machine: Machine, root: Path) -> set[str]:
    """The accounts that files, units and configuration name."""
    found = {name for node in machine.files.values() for name in (node.user, node.group)}
    for unit in sorted((root / "usr/lib/systemd/system").glob("*")):
        if unit.is_file():
            found |= set(UNIT_ACCOUNT.findall(unit.read_text("utf-8", "replace")))
    for path in sorted((root / "etc").rglob("*")):
        if path.is_file() and CONFIGURED.search(path.read_text("utf-8", "replace")):
            found.add("www-data")
    return found


def _check_groups(machine: Machine, users: dict[str, User], where: str) -> None:
    lone = machine.groups - users.keys() - SYSTEM_ACCOUNTS
    strange = {user.group for user in users.values() if user.group} - SYSTEM_ACCOUNTS
    for name in sorted(lone | strange):
        raise BuildError(f"it has a group {name} that is no user's own", where=where, hint=HINT)
