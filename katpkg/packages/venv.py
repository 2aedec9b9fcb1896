"""A virtual environment for the target's Python, assembled by uv without that Python being here.

Wheels only, each checked against the lock's hashes; nothing of the building machine is left in the result.
"""

from __future__ import annotations

import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.artifact import Payload
from katpkg.model.digests import Digest
from katpkg.model.names import Line
from katpkg.model.payload import WheelPayload
from katpkg.model.target import Target
from katpkg.packages.copies import copy_out, only_file
from katpkg.packages.places import Places
from katpkg.packages.tidy import Environment, tidy
from katpkg.packages.wheel import Wheel, check_fits, machine_of, read_wheel
from katpkg.packages.whole import check_whole

NEWEST_MANYLINUX = (2, 40)
"""uv knows no newer one; a target with a newer glibc runs these too."""

HOST_PYTHON = "/usr/bin/python3"

_ASKING = threading.Lock()

SAID = (
    (r"Because (\S+)==(\S+) has no (?:usable )?wheels", "{0} {1} has no wheel for {target}", "build one: {hint}"),
    (r"Hash mismatch for `(\S+)==([^`]+)`", "{0} {1} is not what the lock names: its hash differs", "{relock}"),
    (r"all requirements must have a hash.*?: (\S+?)==(\S+)", "the lock has no hash for {0} {1}", "{relock}"),
)
"""What uv says, and what that means here."""

RELOCK = "lock again, with hashes: uv pip compile --generate-hashes --only-binary :all:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What was put together."""

    depends: tuple[Line, ...]
    """Python with both bounds, and the libc that compiled wheels ask for."""
    own: frozenset[str]
    """Top-level names in site-packages that belong to the module's own distribution."""


def assemble(payload: Payload, kind: WheelPayload, places: Places, root: Path) -> Assembled:
    """Install the payload's wheel and its locked dependencies below ``root``, and copy what ``kind`` asks for.

    Raises BuildError when the wheel or a dependency has nothing for the target, when a hash differs, when a console
    script leads nowhere, or when what is installed does not fit together.
    """
    wheel = read_wheel(only_file(payload, kind.wheel, "wheel"))
    check_fits(wheel, places.target)
    prefix = root / places.venv.relative
    prefix.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
        lock = Path(directory) / "requirements.txt"
        lock.write_text(_requirements(payload, kind, places.target, wheel))
        _install(lock, wheel, prefix, places.target)
    environment = Environment(prefix=prefix, path=places.venv, python=places.target.release.python)
    tidy(environment)
    check_whole(environment, places.target, kind.accept_unmet)
    copy_out(payload, kind.copies, root)
    return Assembled(depends=depends_of(environment, places.target), own=environment.top_levels(wheel.name))


def python_depends(target: Target) -> tuple[Line, ...]:
    """What a virtual environment needs of its interpreter: exactly this minor version."""
    major, minor = target.release.python_version
    return (Line(f"python3 (>= {major}.{minor})"), Line(f"python3 (<< {major}.{minor + 1})"))


def depends_of(environment: Environment, target: Target) -> tuple[Line, ...]:
    """What ``environment`` needs: its interpreter, and libc if any of it is compiled."""
    glibc = environment.glibc(target.release.glibc_version)
    libc = (Line(f"libc6 (>= {glibc[0]}.{glibc[1]})"),) if glibc else ()
    return (*python_depends(target), *libc)


def _requirements(payload: Payload, kind: WheelPayload, target: Target, wheel: Wheel) -> str:
    name = kind.lock.replace("{python}", target.release.python).replace("{codename}", target.codename)
    path = payload.root / name
    if not path.is_file():
        there = ", ".join(sorted(each.name for each in payload.root.rglob("*.txt"))) or "no .txt file"
        raise BuildError(
            f"the artifact has no lock {name}",
            where=payload.artifact.name,
            hint=f"it has {there}; say which one in payload.lock",
        )
    lock = path.read_text()
    if any(canonicalize_name(found) == wheel.name for found in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock)):
        return lock
    return f"{lock}\n{wheel.name}=={wheel.version} --hash=sha256:{Digest.of(wheel.path).sha256}\n"


def _install(lock: Path, wheel: Wheel, prefix: Path, target: Target) -> None:
    command: list[str | Path] = [
        *(_uv(), "pip", "install", "--quiet", "--prefix", prefix, "--python", HOST_PYTHON),
        *("--python-version", target.release.python, "--python-platform", _platform(target)),
        *("--no-deps", "--require-hashes", "--no-build", "--link-mode", "copy", "--no-compile-bytecode"),
        *("--find-links", ".", "--requirements", lock),  # a dot, because uv splits a path at its commas
    ]
    try:
        process.run(
            command,
            cwd=wheel.path.parent,
            env={"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"},
        )
    except process.ToolFailed as error:
        raise _understood(error, wheel, target) from error


def _uv() -> str:
    """Where uv lies. Asked by one thread at a time: what it asks, sysconfig, fills its table while others read it."""
    with _ASKING:
        return find_uv_bin()


def _platform(target: Target) -> str:
    major, minor = min(target.release.glibc_version, NEWEST_MANYLINUX)
    return f"{machine_of(target.architecture)}-manylinux_{major}_{minor}"


def _understood(error: process.ToolFailed, wheel: Wheel, target: Target) -> BuildError:
    for pattern, message, hint in SAID:
        found = re.search(pattern, error.output)
        if found:
            words = {
                "target": f"Python {target.release.python} on {target}",
                "hint": f"pip wheel --no-deps {found[1]}=={found[2]}",
                "relock": RELOCK,
            }
            return BuildError(
                message.format(*found.groups(), **words),
                where=wheel.path.name,
                hint=hint.format(**words),
                details=error.details,
            )
    return BuildError("the virtual environment cannot be put together", where=wheel.path.name, details=error.details)
