"""What an administrator does once to trust an archive."""

from __future__ import annotations

from katpkg.model.names import Codename
from katpkg.model.project import Project
from scripts.lab.machine import Machine


def install_keyring(machine: Machine, project: Project, codename: Codename) -> None:
    """Fetch the newest keyring package from the archive, install it, and update apt's lists."""
    package = project.archive.keyring_package
    directory = project.publish.store / f"pool/{codename}/{project.archive.component}/{package[0]}/{package}"
    newest = max(directory.glob("*.deb"), key=lambda path: path.stat().st_mtime)
    url = f"{project.archive.uri.rstrip('/')}/{newest.relative_to(project.publish.store)}"
    machine.run("curl", "--silent", "--show-error", "--fail", "--output", f"/tmp/{newest.name}", url)  # noqa: S108
    machine.run("apt-get", "install", "--yes", f"/tmp/{newest.name}")  # noqa: S108
    machine.run("apt-get", "update", "--error-on=any")
