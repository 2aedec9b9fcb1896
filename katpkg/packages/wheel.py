"""A wheel, before it is installed: what it is called, and whether it runs on the target."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from katpkg.errors import BuildError
from katpkg.model.names import Architecture
from katpkg.model.target import Target

MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "armhf": "armv7l", "ppc64el": "ppc64le", "s390x": "s390x"}
"""What wheels call Debian's architectures."""

OLD_NAMES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
"""The glibc versions of the platform tags that do not tell theirs (PEP 600)."""


DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, StopIteration, LookupError, ValueError, TypeError)
"""What reading a file raises that is no wheel, or lacks what every wheel has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a wheel says of itself in METADATA and WHEEL."""

    path: Path
    name: str
    """Normalised (PEP 503)."""
    version: str
    tags: frozenset[Tag]


def read_wheel(path: Path) -> Wheel:
    """What the wheel at ``path`` says of itself; its file name is not asked. Raises BuildError."""
    try:
        with zipfile.ZipFile(path) as archive:
            directory = next(
                name.split("/")[0] for name in archive.namelist() if name.split("/")[0].endswith(".dist-info")
            )
            metadata = HeaderParser().parsestr(archive.read(f"{directory}/METADATA").decode())
            tags = HeaderParser().parsestr(archive.read(f"{directory}/WHEEL").decode()).get_all("Tag", [])
        return Wheel(
            path=path,
            name=canonicalize_name(metadata["Name"] or "", validate=True),
            version=str(Version(metadata["Version"])),
            tags=frozenset(tag for text in tags for tag in parse_tag(text)),
        )
    except DAMAGED as error:
        raise BuildError(
            f"{path.name} is no whole wheel",
            where=path.name,
            hint="look at what the CI job uploaded",
            details=f"{type(error).__name__}: {error}",
        ) from error


def machine_of(architecture: Architecture) -> str:
    """What wheels call ``architecture``. Raises BuildError."""
    if architecture not in MACHINES:
        raise BuildError(f"no wheels are made for {architecture}", hint=f"one of {', '.join(MACHINES)}")
    return MACHINES[architecture]


def check_fits(wheel: Wheel, target: Target) -> None:
    """Raise BuildError when no tag of ``wheel`` runs on ``target``."""
    if not any(fits(tag, target) for tag in wheel.tags):
        raise BuildError(
            f"the wheel is not for Python {target.release.python} on {target}",
            where=wheel.path.name,
            hint="build the artifact with the target's Python, or choose another in payload.wheel",
            details=f"its tags: {', '.join(sorted(map(str, wheel.tags)))}",
        )


def glibc_of(platform: str) -> tuple[int, int] | None:
    """The glibc that a platform tag asks for: (2, 17) for manylinux_2_17_x86_64; None when it asks for none."""
    for name, version in OLD_NAMES.items():
        if platform.startswith(f"{name}_"):
            return version
    if platform.startswith("manylinux_"):
        major, minor = platform.split("_")[1:3]
        return int(major), int(minor)
    return None


def fits(tag: Tag, target: Target) -> bool:
    """Whether what has ``tag`` runs on ``target``."""
    return _fits_interpreter(tag, target) and _fits_platform(tag.platform, target)


def _fits_interpreter(tag: Tag, target: Target) -> bool:
    major, minor = target.release.python_version
    ours = f"{major}{minor}"
    if tag.abi == "abi3":
        number = tag.interpreter.removeprefix(f"cp{major}")
        return tag.interpreter.startswith(f"cp{major}") and number.isdigit() and int(number) <= minor
    if tag.abi == "none":
        return tag.interpreter in (f"py{major}", f"cp{ours}") or _older(tag.interpreter, major, minor)
    return tag.interpreter == f"cp{ours}" and tag.abi == f"cp{ours}"


def _older(interpreter: str, major: int, minor: int) -> bool:
    number = interpreter.removeprefix(f"py{major}")
    return interpreter.startswith(f"py{major}") and number.isdigit() and int(number) <= minor


def _fits_platform(platform: str, target: Target) -> bool:
    if platform == "any":
        return True
    if not platform.endswith(f"_{machine_of(target.architecture)}"):
        return False
    glibc = glibc_of(platform)
    return platform.startswith("linux_") or (glibc is not None and glibc <= target.release.glibc_version)
