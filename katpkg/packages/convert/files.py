"""The commands that make files and directories, and say whose they are: all of which a package can have by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from katpkg.packages.convert.conditions import Status
from katpkg.packages.convert.machine import Machine, Node, canonical, is_transient
from katpkg.packages.convert.modes import changed
from katpkg.packages.convert.script import Call, Command

LOGS = "/var/log/"


def mkdir(call: Call) -> Status:
    """Directories."""
    mode, paths = _split(call.words, ("-p", "--parents", "-v"), ("-m", "--mode"))
    for path in paths:
        call.machine.make_directory(path, Node(is_directory=True, mode=int(mode or "755", 8), is_made=True))
    return True


def install(call: Call) -> Status:
    """``install -d``: directories with owner and mode."""
    words, values = list(call.words), {"-m": "755", "-o": "root", "-g": "root"}
    if "-d" not in words:
        raise ValueError
    words.remove("-d")
    while words and words[0] in values:
        values[words.pop(0)] = words.pop(0)
    for path in words:
        if path.startswith("-"):
            raise ValueError
        node = Node(is_directory=True, mode=int(values["-m"], 8), user=values["-o"], group=values["-g"], is_made=True)
        call.machine.make_directory(path, node)
    return True


def chown(call: Call) -> Status:
    """Whose something is."""
    words = _plain(call.words, ("-R", "-h", "-f", "--", "-v", "--no-dereference"))
    owner, *paths = words
    user, _, group = owner.replace(".", ":").partition(":")
    if call.name == "chgrp":
        user, group = "", owner
    for path in _meant(call.machine, paths, is_deep="-R" in call.words):
        node = call.machine.files[path]
        call.machine.files[path] = replace(node, user=user or node.user, group=group or node.group)
    return True


def chmod(call: Call) -> Status:
    """Who may do what with it."""
    mode, *paths = _plain(call.words, ("-f", "--", "-v"))
    for path in _meant(call.machine, paths, is_deep=False):
        node = call.machine.files[path]
        call.machine.files[path] = replace(node, mode=changed(node.mode, mode))
    return True


def statoverride(call: Call) -> Status:
    """The administrator's own idea of owners and modes: nobody has one yet, and what is added is the package's."""
    flags = ("--update", "--quiet", "--force", "--force-all", "--force-statoverride-add")
    match [word for word in call.words if word not in flags]:
        case ["--list", *_]:
            return False
        case ["--remove", *_]:
            return True
        case ["--add", user, group, mode, path]:
            for each in _meant(call.machine, [path], is_deep=False):
                node = call.machine.files[each]
                call.machine.files[each] = replace(node, user=user, group=group, mode=int(mode, 8))
            return True
        case _:
            raise ValueError


def touch(call: Call) -> Status:
    """Logs are made by those who write them."""
    for path in call.words:
        if not path.startswith(LOGS) and not is_transient(canonical(path)):
            raise ValueError
        call.machine.transient.add(canonical(path))
        call.machine.note(f"{path} is made by who writes it")
    return True


def copy(call: Call) -> Status:
    """A file of the package that lies elsewhere too."""
    words = _plain(call.words, ("-p", "-a", "-f", "-n", "--"))
    if len(words) != 2:
        raise ValueError
    return _copy(call.machine, *words)


def ucf(call: Call) -> Status:
    """Configuration that is asked about when both sides changed it: what the administrator wrote is kept."""
    words = _plain(call.words, ("--three-way", "--debconf-ok", "--purge", "-p"))
    if "--purge" in call.words or "-p" in call.words:
        return True
    source, place = words
    return _copy(call.machine, source, place)


def _copy(machine: Machine, source: str, place: str) -> Status:
    node = machine.files.get(canonical(source))
    if node is None or node.is_directory or node.target:
        raise ValueError
    if machine.is_directory(place):
        place = f"{place}/{source.rpartition('/')[2]}"
    machine.files[canonical(place)] = replace(node, source=node.source or canonical(source), is_made=True)
    return True


def link(call: Call) -> Status:
    """A symbolic link."""
    if not any(word.startswith("-") and "s" in word for word in call.words):
        raise ValueError
    target, place = _plain(call.words, ("-s", "-sf", "-sn", "-snf", "-sfn"))
    call.machine.files[canonical(place)] = Node(target=target, is_made=True)
    return True


def remove(call: Call) -> Status:
    """What older versions left; nothing that the package has."""
    for path in (word for word in call.words if not word.startswith("-")):
        is_there = "*" in path or call.machine.exists(path) is not False
        if is_there and canonical(path) not in call.machine.transient:
            raise ValueError
    return True


def _split(words: Sequence[str], flags: Sequence[str], valued: Sequence[str]) -> tuple[str, list[str]]:
    """The value of one of the options ``valued``, and what is no option. Raises ValueError for any other option."""
    value, paths, rest = "", [], list(words)
    while rest:
        word = rest.pop(0)
        if word in valued:
            value = rest.pop(0)
        elif word.startswith("-") and word not in flags:
            raise ValueError
        elif word not in flags:
            paths.append(word)
    return value, paths


def _plain(words: Sequence[str], flags: Sequence[str]) -> list[str]:
    """What is no option. Raises ValueError for an option that is none of ``flags``."""
    return _split(words, flags, ())[1]


def _meant(machine: Machine, paths: Sequence[str], *, is_deep: bool) -> list[str]:
    """Those of the machine's files that ``paths`` are. Raises ValueError for one that is not there."""
    found: list[str] = []
    for path in paths:
        place = canonical(path)
        if place in machine.files:
            found += machine.below(place) if is_deep else [place]
        elif place not in machine.transient and not is_transient(place):
            raise ValueError(path)
    return found


FILE_COMMANDS: Mapping[str, Command] = {
    "mkdir": mkdir,
    "install": install,
    "chown": chown,
    "chgrp": chown,
    "chmod": chmod,
    "dpkg-statoverride": statoverride,
    "touch": touch,
    "cp": copy,
    "ucf": ucf,
    "ln": link,
    "rm": remove,
    "rmdir": remove,
}
