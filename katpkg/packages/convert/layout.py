"""The files of a .deb where a release of RPMs has them, and without what only Debian has a use for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath, AccountName
from katpkg.model.package import Attributes
from katpkg.model.target import Target
from katpkg.packages.convert.deb import Deb
from katpkg.packages.convert.machine import Machine, Node, is_transient
from katpkg.packages.convert.script import HINT
from katpkg.packages.rpm.files import FILESYSTEM

DROPPED = (
    "/etc/apparmor.d",
    "/etc/init",
    "/etc/init.d",
    "/etc/insserv.conf.d",
    "/etc/runit",
    "/etc/sv",
    "/usr/share/apport",
    "/usr/share/bug",
    "/usr/share/doc-base",
    "/usr/share/lintian",
    "/usr/share/runit",
    "/var/log/runit",
)
"""What systems with systemd and without Debian's tools have no use for."""

INIT = "/etc/init.d/"
SPECIAL_BITS = 0o6000
SHARED_LIBRARY = re.compile(r"/usr/lib/(x86_64|aarch64|powerpc64le|s390x)-linux-gnu/lib[^/]+\.so\.[0-9.]+")
PYTHON = "/usr/lib/python3/dist-packages"

ELSEWHERE = (
    (re.compile(rf"{PYTHON}/.+"), "its Python modules lie where {codename} does not look for them"),
    (SHARED_LIBRARY, "its libraries lie where {codename} does not look for them"),
    (re.compile(r"/(etc|usr/share)/apt/.+|/usr/share/keyrings/.+-archive-keyring\..+"), "it is about apt"),
    (re.compile(r"/boot/.+|/usr/lib/modules/.+"), "it is about Debian's kernel"),
)
"""What cannot be right in another distribution."""


def dropped(path: str) -> bool:
    """Whether it is left out."""
    return any(path == each or path.startswith(f"{each}/") for each in DROPPED)


def check_layout(deb: Deb, target: Target) -> None:
    """Raise BuildError for what would be in the wrong place, whatever else is done."""
    for path in (path for path, node in deb.files.items() if not node.is_directory):
        for pattern, reason in ELSEWHERE:
            if pattern.fullmatch(path):
                said = reason.format(codename=target.codename)
                raise BuildError(f"{said}: {path}", where=deb.where, hint=HINT)
    for name in (path.removeprefix(INIT) for path in deb.files if path.startswith(INIT)):
        if f"/usr/lib/systemd/system/{name}.service" not in deb.files:
            raise BuildError(f"nothing starts it but an init script: {INIT}{name}", where=deb.where, hint=HINT)
    for path in deb.conffiles:
        if not path.startswith("/etc/"):
            raise BuildError(f"{path} is a conffile, and conffiles lie in /etc", where=deb.where, hint=HINT)


def keep_only(root: Path, name: str) -> None:
    """Remove from ``root`` what is left out, and directories of the system's in which nothing is left.

    A link to another package's documentation goes too: each RPM says there what it was made from.
    """
    for path in DROPPED:
        shutil.rmtree(root / path[1:], ignore_errors=True)
    documentation = root / "usr/share/doc" / name
    if documentation.is_symlink():
        documentation.unlink()
    for place in sorted(root.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        if f"/{place.relative_to(root)}" in FILESYSTEM and place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def apply(machine: Machine, root: Path) -> None:
    """Make below ``root`` what the scripts would have made."""
    for path, node in machine.files.items():
        place = root / path[1:]
        if is_transient(path) or not node.is_made:
            continue
        if node.is_directory:
            place.mkdir(parents=True, exist_ok=True)
        elif node.target:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(node.target)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / node.source[1:], place)


def attributes(machine: Machine, where: str) -> Iterator[Attributes]:
    """Owners and modes that are not as usual. Raises BuildError for a file that would run as somebody else."""
    for path, node in sorted(machine.files.items()):
        if node.target or is_transient(path) or _is_usual(node):
            continue
        if node.mode & SPECIAL_BITS and not node.is_directory:
            raise BuildError(f"it makes {path} setuid or setgid", where=where, hint=HINT)
        yield Attributes(
            path=AbsolutePath(path), user=AccountName(node.user), group=AccountName(node.group), mode=node.mode
        )


def _is_usual(node: Node) -> bool:
    is_usual_mode = node.mode == 0o755 if node.is_directory else node.mode in (0o644, 0o755)
    return is_usual_mode and (node.user, node.group) == ("root", "root")
