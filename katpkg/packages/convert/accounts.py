"""The commands that make accounts, adduser(8) and useradd(8), and those that ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from katpkg.packages.convert.conditions import Status
from katpkg.packages.convert.machine import Machine, Node, User, is_transient
from katpkg.packages.convert.script import Call, Command

WITH_VALUE = {
    "--home": "home",
    "--home-dir": "home",
    "-d": "home",
    "--gecos": "description",
    "--comment": "description",
    "-c": "description",
    "--ingroup": "group",
    "--gid": "group",
    "-g": "group",
    "--shell": "shell",
    "-s": "shell",
    "--groups": "groups",
    "-G": "groups",
}
FLAGS = frozenset(
    [
        *("--system", "-r", "-S", "--quiet", "-q", "--group", "--no-create-home", "-M", "--create-home", "-m"),
        *("--disabled-password", "--disabled-login", "--force-badname", "--allow-bad-names", "--append", "-a"),
        *("--user-group", "-U", "--no-user-group", "-N"),
    ]
)
SPELLINGS = {"-aG": ["-a", "-G"], "-rm": ["-r", "-m"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the words of such a command say."""

    names: tuple[str, ...]
    flags: frozenset[str]
    values: Mapping[str, str]


def understood(words: Sequence[str]) -> Wish:
    """``words`` by their options. Raises ValueError for one that is not known."""
    names, flags, values = [], set(), {}
    rest = [each for word in words for each in SPELLINGS.get(word, [word])]
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if option in WITH_VALUE:
            values[WITH_VALUE[option]] = value if equals else rest.pop(0)
        elif word in FLAGS:
            flags.add(word)
        elif word.startswith("-"):
            raise ValueError(word)
        else:
            names.append(word)
    return Wish(names=tuple(names), flags=frozenset(flags), values=values)


def adduser(call: Call) -> Status:
    """A system user; with two names, its membership of a group."""
    wish = understood(call.words)
    if len(wish.names) == 2:
        return join(call.machine, *wish.names)
    if not wish.flags & {"--system", "-S"}:
        raise ValueError
    if "--group" in wish.flags and wish.values.keys().isdisjoint({"home", "group"}) and call.name == "addgroup":
        return addgroup(call)
    makes_home = "--no-create-home" not in wish.flags
    return _make_user(call.machine, wish, makes_home=makes_home)


def useradd(call: Call) -> Status:
    """A system user."""
    wish = understood(call.words)
    if not wish.flags & {"--system", "-r"}:
        raise ValueError
    return _make_user(call.machine, wish, makes_home=bool(wish.flags & {"--create-home", "-m"}))


def join(machine: Machine, name: str, group: str) -> Status:
    """Have a user be in a group."""
    user = machine.users.get(name)
    if user is None:
        raise ValueError
    machine.users[name] = replace(user, groups=(*user.groups, group))
    return True


def _make_user(machine: Machine, wish: Wish, *, makes_home: bool) -> Status:
    (name,) = wish.names
    if "groups" in wish.values:
        raise ValueError
    group = wish.values.get("group", "")
    home = wish.values.get("home", "/nonexistent").rstrip("/") or "/"
    user = User(
        name=name,
        description=wish.values.get("description", ""),
        home=home,
        group="" if group == name else group,
    )
    machine.users.setdefault(name, user)
    if makes_home and home != "/nonexistent" and not is_transient(home):
        machine.make_directory(home, Node(is_directory=True, mode=0o755, user=name, group=group or name, is_made=True))
    return True


def addgroup(call: Call) -> Status:
    """A system group."""
    (name,) = understood(call.words).names
    call.machine.groups.add(name)
    return True


def usermod(call: Call) -> Status:
    """What a user is called, and the groups it is in."""
    wish = understood(call.words)
    (name,) = wish.names
    if wish.values.keys() == {"groups"} and wish.flags & {"-a", "--append"}:
        return join(call.machine, name, wish.values["groups"])
    if wish.values.keys() != {"description"} or name not in call.machine.users:
        raise ValueError
    call.machine.users[name] = replace(call.machine.users[name], description=wish.values["description"])
    return True


def getent(call: Call) -> Status:
    """Whether there is such an account."""
    if len(call.words) != 2 or call.words[0] not in ("passwd", "group"):
        raise ValueError
    kind, name = call.words
    return call.machine.has_user(name) if kind == "passwd" else call.machine.has_group(name)


def identity(call: Call) -> Status:
    """``id NAME``."""
    names = [word for word in call.words if not word.startswith("-")]
    return call.machine.has_user(names[0]) if names else None


def keep(call: Call) -> Status:
    """Accounts stay when a package goes, as no format removes them."""
    call.machine.note("its accounts stay when it is removed")
    return True


ACCOUNT_COMMANDS: Mapping[str, Command] = {
    "adduser": adduser,
    "useradd": useradd,
    "addgroup": addgroup,
    "groupadd": addgroup,
    "usermod": usermod,
    "getent": getent,
    "id": identity,
    **dict.fromkeys(("deluser", "delgroup", "userdel", "groupdel"), keep),
}
