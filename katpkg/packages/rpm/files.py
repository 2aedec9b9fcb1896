"""What a package owns: the %files of its spec file. Nothing that the system's own packages own already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.package import Foreign

FILESYSTEM = frozenset(
    [
        "/",
        "/etc",
        "/etc/bash_completion.d",
        "/etc/cron.d",
        "/etc/cron.daily",
        "/etc/cron.hourly",
        "/etc/cron.monthly",
        "/etc/cron.weekly",
        "/etc/default",
        "/etc/logrotate.d",
        "/etc/pam.d",
        "/etc/pki",
        "/etc/pki/rpm-gpg",
        "/etc/profile.d",
        "/etc/rsyslog.d",
        "/etc/security",
        "/etc/sudoers.d",
        "/etc/systemd",
        "/etc/systemd/system",
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
        "/usr/include",
        "/usr/share/bash-completion",
        "/usr/share/bash-completion/completions",
        "/usr/share/doc",
        "/usr/share/info",
        "/usr/share/licenses",
        "/usr/share/man",
        "/usr/share/man/man1",
        "/usr/share/man/man2",
        "/usr/share/man/man3",
        "/usr/share/man/man4",
        "/usr/share/man/man5",
        "/usr/share/man/man6",
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


def owned(root: Path, foreign: Foreign = Foreign()) -> Iterator[str]:  # noqa: B008  # it cannot be changed
    """The lines of %files for the tree at ``root``. Raises BuildError for a path that no line can say.

    A directory stands for all below it, so that what a wheel calls its files is nobody's business. Below /etc every
    file has a line of its own, and the administrator's edits are kept.
    """
    special = {str(each.path): f"%attr({each.mode:04o},{each.user},{each.group}) " for each in foreign.attributes}
    yield from _owned(root, root, special, FILESYSTEM | foreign.elsewhere)


def _owned(root: Path, directory: Path, special: Mapping[str, str], others: Collection[str]) -> Iterator[str]:
    for path in sorted(directory.iterdir()):
        name = _checked(f"/{path.relative_to(root)}")
        is_directory = path.is_dir() and not path.is_symlink()
        if is_directory and name in others:
            yield from _owned(root, path, special, others)
        elif is_directory and (name.startswith("/etc/") or _is_special(name, special)):
            yield f"{special.get(name, '')}%dir {name}"
            yield from _owned(root, path, special, others)
        else:
            kind = "%config(noreplace) " if name.startswith("/etc/") else ""
            yield f"{special.get(name, '')}{kind}{name}"


def _is_special(name: str, special: Mapping[str, str]) -> bool:
    """Whether it, or something in it, has attributes of its own."""
    return any(each == name or each.startswith(f"{name}/") for each in special)


def _checked(name: str) -> str:
    if PLAIN.fullmatch(name) is None:
        raise BuildError("rpmbuild would take this path for something else", where=name, hint="call it otherwise")
    return name
