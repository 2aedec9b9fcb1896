"""The control file of a .deb as it streams by: all that is needed to tell whether it is the one that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

from katpkg.packages.deb.ar import HEADER_SIZE, MAGIC, SUFFIXES, invalid, parse_header
from katpkg.packages.deb.control import parse_control
from katpkg.packages.deb.paths import normal
from katpkg.packages.deb.plain import Plain
from katpkg.packages.deb.tar import read_tar

LARGEST = 64 << 20
"""Bytes of a control.tar, packed."""


def read_head(stream: IO[bytes], name: str) -> Mapping[str, str]:
    """The fields of the control file of the .deb that ``stream`` is, read no further than that. Raises BuildError.

    Whether the rest of it is a package is judged when it is built from.
    """
    path = Path(name)
    if stream.read(len(MAGIC)) != MAGIC:
        raise invalid(path, "it does not begin as an ar archive does")
    version = parse_header(stream.read(HEADER_SIZE), len(MAGIC), path)
    stream.read(version.size + version.size % 2)
    control = parse_header(stream.read(HEADER_SIZE), len(MAGIC) + HEADER_SIZE + version.size, path)
    if version.name != "debian-binary" or not control.name.startswith("control.tar") or control.size > LARGEST:
        raise invalid(path, f"it begins with {version.name} and {control.name}")
    if control.suffix not in SUFFIXES:
        raise invalid(path, f"nobody knows how {control.name} is compressed")
    try:
        plain = Plain(stream.read, control.size, control.suffix)
        for member in read_tar(plain):
            if normal(member.name) == "control" and member.size <= LARGEST:
                return parse_control(plain.read(member.size))
    except (ValueError, OSError) as error:
        raise invalid(path, str(error)) from error
    raise invalid(path, "it has no control file")
