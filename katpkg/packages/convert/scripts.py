"""What all maintainer scripts of a package come to: on a fresh machine, at an upgrade, at its removal (Policy 6.5)."""

from __future__ import annotations

from collections.abc import Mapping

from katpkg.errors import BuildError
from katpkg.packages.convert.commands import COMMANDS
from katpkg.packages.convert.conditions import Status
from katpkg.packages.convert.evaluate import evaluate
from katpkg.packages.convert.machine import Machine
from katpkg.packages.convert.script import HINT, Call, Command, Script

NAMES = ("preinst", "postinst", "prerm", "postrm")


def leave(call: Call) -> Status:
    """What a package removes besides its own files when it goes stays: no other format asks for it."""
    call.machine.note(f"{call.words[-1]} stays when it is removed")
    return True


LEAVING: Mapping[str, Command] = {**COMMANDS, **dict.fromkeys(("rm", "rmdir", "mv"), leave)}


def think_through(scripts: Mapping[str, Script], machine: Machine, version: str, answers: Mapping[str, str]) -> Machine:
    """``machine`` after the package was installed. Raises BuildError with the line that is not understood, and when an
    upgrade or a removal would do more than what every package's does.
    """
    fresh = machine.copy()
    _run(scripts, "preinst", ("install",), machine, answers)
    _run(scripts, "postinst", ("configure", ""), machine, answers)
    _check_upgrade(scripts, fresh, machine, version, answers)
    leaving = machine.copy()
    _run(scripts, "prerm", ("remove",), leaving, answers, LEAVING)
    _run(scripts, "postrm", ("remove",), leaving, answers, LEAVING)
    machine.notes |= leaving.notes
    return machine


def _check_upgrade(
    scripts: Mapping[str, Script], fresh: Machine, installed: Machine, version: str, answers: Mapping[str, str]
) -> None:
    """From this version, as from any that is not older: it restarts what was started, and makes nothing new.

    What it leaves as it is, it need not make again.
    """
    before = dict(fresh.files)
    _run(scripts, "prerm", ("upgrade", version), fresh, answers)
    _run(scripts, "preinst", ("upgrade", version), fresh, answers)
    _run(scripts, "postrm", ("upgrade", version), fresh, answers)
    _run(scripts, "postinst", ("configure", version), fresh, answers)
    installed.notes |= fresh.notes
    changed = fresh.files.items() - before.items() - installed.files.items()
    if changed or fresh.users.keys() - installed.users.keys() or fresh.enabled - installed.enabled:
        what = ", ".join(sorted(path for path, _ in changed)) or "accounts and units"
        package = next(iter(scripts.values())).package
        raise BuildError(f"its upgrade makes what its installation does not: {what}", where=package, hint=HINT)


def _run(
    scripts: Mapping[str, Script],
    name: str,
    arguments: tuple[str, ...],
    machine: Machine,
    answers: Mapping[str, str],
    commands: Mapping[str, Command] = COMMANDS,
) -> None:
    if name in scripts:
        evaluate(scripts[name], arguments, machine, commands, answers)
