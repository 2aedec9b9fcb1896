"""The units of a converted package that installation enables and starts."""

from __future__ import annotations

from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.names import UnitName
from katpkg.model.package import Unit
from katpkg.packages.convert.machine import Machine
from katpkg.packages.convert.script import HINT

DIRECTORY = Path("usr/lib/systemd/system")


def take_units(machine: Machine, root: Path, where: str) -> tuple[Unit, ...]:
    """Each unit that the scripts enable or start; its file is taken out of ``root``.

    Another package's has no text. Raises BuildError for a name that is not understood.
    """
    found = []
    for name in sorted(machine.enabled | machine.started):
        stem, _, suffix = name.rpartition(".")
        path = root / DIRECTORY / name
        if path.is_symlink():
            raise BuildError(f"it starts {name}, which is another name of a unit", where=where, hint=HINT)
        text = path.read_text("utf-8") if path.is_file() else ""
        try:
            unit = Unit(name=UnitName(stem), suffix=suffix, text=text, enabled=name in machine.enabled or not text)
        except ValueError as error:
            raise BuildError(str(error), where=where, hint=HINT) from error
        path.unlink(missing_ok=True)
        found.append(unit)
        if name not in machine.started:
            machine.note(f"{name} is started too, when it is enabled")
    return tuple(found)
