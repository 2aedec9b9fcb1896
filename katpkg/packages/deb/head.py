"""The control file of a .deb as it streams by: all that is needed to tell whether it is the one that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

from katpkg.packages.deb.ar import DebReader, invalid
from katpkg.packages.deb.control import parse_control
from katpkg.packages.deb.paths import normal
from katpkg.packages.deb.tar import read_tar

LARGEST = 64 << 20
"""Bytes of a control.tar, packed."""


def read_head(stream: IO[bytes], name: str) -> Mapping[str, str]:
    """The fields of the control file of the .deb that ``stream`` is, read no further than that. Raises BuildError.

    Whether the rest of it is a package is judged when it is built from.
    """
    path = Path(name)
    reader = DebReader(stream.read, path)
    control = reader.control()
    if control.size > LARGEST:
        raise invalid(path, f"its {control.name} is larger than any")
    try:
        plain = reader.unpack(control)
        for member in read_tar(plain):
            if normal(member.name) == "control" and member.size <= LARGEST:
                return parse_control(plain.read(member.size))
    except (ValueError, OSError) as error:
        raise invalid(path, str(error)) from error
    raise invalid(path, "it has no control file")
