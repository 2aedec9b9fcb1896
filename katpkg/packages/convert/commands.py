"""What the commands of maintainer scripts do, for those that are understood. The rest is refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from katpkg.model.version import Version
from katpkg.packages.convert.accounts import ACCOUNT_COMMANDS
from katpkg.packages.convert.conditions import Status
from katpkg.packages.convert.files import FILE_COMMANDS
from katpkg.packages.convert.script import Call, Command

OPERATORS: Mapping[str, Callable[[Version, Version], bool]] = {
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": lambda left, right: left >= right,
    "gt": lambda left, right: left > right,
}
EARLIER = ("lt", "le", "ne", "gt-nl", "ge-nl")
"""The comparisons that hold for a version that is not there."""

UNIT_SUFFIXES = (".service", ".socket", ".timer", ".path", ".mount", ".target")


def nothing(_: Call) -> Status:
    """It makes no difference here: to look, to shut, to reload what every format reloads by itself."""
    return True


def no(_: Call) -> Status:
    """What is asked for is not there."""
    return False


def unknown(_: Call) -> Status:
    """Nobody knows what it says, and nothing becomes of it."""
    return None


def dot(call: Call) -> Status:
    """``. FILE``: only debconf's words are known."""
    if call.words != ("/usr/share/debconf/confmodule",):
        raise ValueError
    return True


def assign(call: Call) -> Status:
    """``export NAME=VALUE``, ``local NAME=VALUE``."""
    for word in call.words:
        name, equals, value = word.partition("=")
        if equals:
            call.variables[name] = value
    return True


def command(call: Call) -> Status:
    """``command -v NAME``: what is understood is there."""
    if call.words[:1] not in (("-v",), ("-V",)) and call.name == "command":
        raise ValueError
    return True if call.words[-1] in COMMANDS else None


def dpkg(call: Call) -> Status:
    """``dpkg --compare-versions``: what follows is done when an older version is upgraded."""
    if call.words[:1] != ("--compare-versions",) or len(call.words) != 4:
        raise ValueError
    _, left, operator, right = call.words
    call.machine.note("what it does after versions older than this one is left out")
    if not left or not right:
        return operator in EARLIER
    compare = OPERATORS.get(operator.removesuffix("-nl"))
    if compare is None:
        raise ValueError
    return compare(Version(left), Version(right))


def maintscript_helper(call: Call) -> Status:
    """What moves conffiles of older versions."""
    call.machine.note("what it does after versions older than this one is left out")
    return True


def systemd_helper(call: Call) -> Status:
    """deb-systemd-helper, on a machine where the package was never installed."""
    match _arguments(call.words):
        case ["enable", *units]:
            call.machine.enabled |= set(map(_unit, units))
            return True
        case ["was-enabled", *_]:
            return True
        case ["debian-installed", *_]:
            return False
        case ["unmask" | "update-state" | "mask" | "purge", *_]:
            return True
        case _:
            raise ValueError


def systemctl(call: Call) -> Status:
    """systemctl and deb-systemd-invoke."""
    units = [_unit(each) for each in _arguments(call.words)[1:]]
    match next(iter(_arguments(call.words)), ""):
        case "start" | "restart" | "reload-or-restart":
            call.machine.started |= set(units)
        case "enable" | "preset":
            call.machine.enabled |= set(units)
            if "--now" in call.words:
                call.machine.started |= set(units)
        case "is-active" | "is-enabled" | "is-failed":
            return False
        case "daemon-reload" | "try-restart" | "stop" | "disable" | "reload" | "unmask" | "mask" | "reset-failed":
            return True
        case _:
            raise ValueError
    return True


def invoke_rc(call: Call) -> Status:
    """invoke-rc.d and service: the unit of the same name."""
    name, *action = _arguments(call.words)
    if not action:
        raise ValueError
    if action[0] in ("start", "restart"):
        if "--skip-systemd-native" not in call.words:
            call.machine.started.add(_unit(name))
        return True
    return action[0] not in ("status",)


def sysusers(call: Call) -> Status:
    """Accounts by file."""
    call.machine.sysusers |= set(_names(call.words))
    return True


def tmpfiles(call: Call) -> Status:
    """Directories by file."""
    call.machine.tmpfiles |= set(_names(call.words))
    return True


def _names(words: Sequence[str]) -> Iterator[str]:
    for word in _arguments(words):
        if "/" in word or not word.endswith(".conf"):
            raise ValueError
        yield word


def db_get(call: Call) -> Status:
    """The answer that debconf gives when it asks nobody."""
    question = call.words[0]
    if question not in call.answers:
        raise ValueError
    answer = call.answers[question]
    call.variables["RET"] = answer
    call.machine.note(f"it asks nothing: the answer to {question} is {answer!r}")
    return True


def find(call: Call) -> Status:
    """What removes leftovers: empty directories, bytecode."""
    if not ({"-empty", "__pycache__"} & set(call.words)):
        raise ValueError
    return True


def python(call: Call) -> Status:
    """Bytecode is compiled by every format in its own way."""
    if ("-m", "compileall") not in pairwise(call.words):
        raise ValueError
    return True


def trigger(call: Call) -> Status:
    """dpkg-trigger: whoever is interested in a name."""
    call.machine.note(f"nobody is told of {call.words[-1]}")
    return True


def _arguments(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.startswith("-")]


def _unit(name: str) -> str:
    return name if name.endswith(UNIT_SUFFIXES) else f"{name}.service"


COMMANDS: Mapping[str, Command] = {
    **ACCOUNT_COMMANDS,
    **FILE_COMMANDS,
    **dict.fromkeys((":", "true", "set", "umask", "trap", "cd", "ldconfig", "restorecon", "ucfr", "sleep"), nothing),
    **dict.fromkeys(
        ("update-rc.d", "apparmor_parser", "runit-helper", "py3clean", "py3compile", "db_version", "db_stop"), nothing
    ),
    **dict.fromkeys(("db_purge", "db_input", "db_go", "db_fset", "db_title", "db_capb"), nothing),
    **dict.fromkeys(("false", "aa-status", "aa-enabled", "selinuxenabled"), no),
    **dict.fromkeys(("grep", "egrep", "cmp", "diff"), unknown),
    **dict.fromkeys((".", "source"), dot),
    **dict.fromkeys(("export", "local", "readonly"), assign),
    **dict.fromkeys(("command", "which", "type"), command),
    **dict.fromkeys(("systemctl", "deb-systemd-invoke"), systemctl),
    **dict.fromkeys(("invoke-rc.d", "service"), invoke_rc),
    **{f"python3.{minor}": python for minor in range(9, 16)},
    "python3": python,
    "dpkg": dpkg,
    "dpkg-maintscript-helper": maintscript_helper,
    "deb-systemd-helper": systemd_helper,
    "systemd-sysusers": sysusers,
    "systemd-tmpfiles": tmpfiles,
    "db_get": db_get,
    "dpkg-trigger": trigger,
    "find": find,
}
