"""What a package owns: the %files of its spec file. Nothing that the system's own packages own already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from katpkg.errors import BuildError

FILESYSTEM = frozenset(
    [
        "/",
        "/etc",
        "/etc/pki",
        "/etc/pki/rpm-gpg",
        "/etc/yum.repos.d",
        "/opt",
        "/srv",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/lib64",
        "/usr/libexec",
        "/usr/sbin",
        "/usr/share",
        "/usr/share/doc",
        "/usr/share/licenses",
        "/usr/share/man",
        "/usr/share/man/man1",
        "/usr/share/man/man5",
        "/usr/share/man/man7",
        "/usr/share/man/man8",
        "/usr/lib/systemd",
        "/usr/lib/systemd/system",
        "/usr/lib/systemd/system-preset",
        "/usr/lib/sysusers.d",
        "/usr/lib/tmpfiles.d",
        "/var",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/spool",
    ]
)
"""Directories of the packages filesystem, systemd and the release's own."""

PLAIN = re.compile(r"[A-Za-z0-9/._+@~,=:-]+")
"""Paths that mean themselves: rpmbuild takes the others for patterns, or for several."""


def owned(root: Path) -> Iterator[str]:
    """The lines of %files for the tree at ``root``. Raises BuildError for a path that no line can say.

    A directory stands for all below it, so that what a wheel calls its files is nobody's business. Below /etc every
    file has a line of its own, and the administrator's edits are kept.
    """
    yield from _owned(root, root)


def _owned(root: Path, directory: Path) -> Iterator[str]:
    for path in sorted(directory.iterdir()):
        name = _checked(f"/{path.relative_to(root)}")
        is_directory = path.is_dir() and not path.is_symlink()
        if is_directory and name in FILESYSTEM:
            yield from _owned(root, path)
        elif is_directory and name.startswith("/etc/"):
            yield f"%dir {name}"
            yield from _owned(root, path)
        else:
            yield f"%config(noreplace) {name}" if name.startswith("/etc/") else name


def _checked(name: str) -> str:
    if PLAIN.fullmatch(name) is None:
        raise BuildError("rpmbuild would take this path for something else", where=name, hint="call it otherwise")
    return name
