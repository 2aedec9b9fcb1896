"""Before new code is unpacked: stop what runs, and keep the data as it was."""

from __future__ import annotations

from datetime import datetime

from katctl import packages, process, systemd
from katctl.backup import back_up_before_upgrade
from katctl.databases import with_data
from katctl.errors import KatctlError
from katctl.rollout import running, stop_all
from katctl.setup import MARK
from katctl.site import Site, alone
from katctl.state import Upgrade


def prepare(site: Site, now: datetime) -> None:
    """Stop all services in order, and back up what new code may change: once for each upgrade, however often called.

    An upgrade that failed before keeps the backup that it began with: that is the way back. Raises KatctlError after
    starting again what ran, so that a refused upgrade leaves everything as it was.
    """
    with alone(site) as site:
        ran = running(site)
        try:
            stop_all(site)
            if site.memory.state.upgrade is None:
                _begin(site, now)
        except (KatctlError, KeyboardInterrupt):
            with process.undisturbed():
                systemd.start(ran)
            raise
        (site.product.state / MARK).touch()


def _begin(site: Site, now: datetime) -> None:
    versions = packages.versions(module.package for module in site.product.modules)
    backup, left_by = "", dict(site.memory.state.left_by)
    if with_data(site):
        site.tell("backing up before the upgrade")
        backup = str(back_up_before_upgrade(site, now))
        left_by |= versions
    site.memory.change(upgrade=Upgrade(backup=backup, versions=versions | _around(site)), left_by=left_by)


def _around(site: Site) -> dict[str, str]:
    """The packages around the modules that are still here, as they were: dpkg may have unpacked a new one already."""
    known = site.memory.state.around
    return {name: known.get(name, version) for name, version in packages.present(site.product.around).items()}
