"""What each command does; its exit status is what it returns."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime

from katctl import backup as backups
from katctl import doctor as doctors
from katctl import health as healths
from katctl import lines, settings, share, systemd
from katctl import setup as setups
from katctl import upgrade as upgrades
from katctl.errors import SettingsError
from katctl.restore import restore as bring_back
from katctl.site import Site, alone, open_again
from katctl.surroundings import Complaint

WELL, UNWELL = 0, 1


def preflight(site: Site, _options: argparse.Namespace, _now: datetime) -> int:
    """What the machine lacks."""
    return _complain(doctors.preflight(site), "this machine has what it takes")


def setup(site: Site, options: argparse.Namespace, now: datetime) -> int:
    """Make what is missing, or say it."""
    if options.check:
        missing = list(setups.missing(open_again(site, keep=False), now))
        print(lines.table(missing) if missing else "nothing is missing")
        return UNWELL if missing else WELL
    if options.auto and not site.answers.is_automatic:
        settings.begin_files(site.product)
        site.tell("the administrator chose to set up by hand: katctl setup")
        return WELL
    if options.answers:
        with alone(site) as site:
            share.take(site.hosts.product, options.answers)
        site = open_again(site)
    setups.set_up(site, now)
    site.tell(f"{site.product.name} is set up, and everything is well")
    return WELL


def migrate(site: Site, _options: argparse.Namespace, now: datetime) -> int:
    """Migrations alone."""
    setups.migrate(site, now)
    return WELL


def status(site: Site, _options: argparse.Namespace, _now: datetime) -> int:
    """Where setting up is, and the state of each unit."""
    state = site.memory.state
    if state.failure:
        print(f"setting up stopped at: {state.failure.step}\n  {state.failure.message}")
        for line in state.failure.details.splitlines():
            print(f"  | {line}")
        print(f"  {state.failure.hint}" if state.failure.hint else "  then: katctl setup")
    elif (site.product.state / setups.MARK).exists():
        print("setting up is under way, or was interrupted: katctl setup")
    if state.restoring:
        print(f"a restoration did not reach its end: katctl restore {state.restoring}")
    if state.upgrade and state.upgrade.backup:
        print(f"the data as it was before the upgrade: {state.upgrade.backup}")
    print(
        lines.table(
            (service.unit, systemd.state(service.unit), module.package) for module, service in site.product.services
        )
    )
    return UNWELL if state.failure or state.restoring else WELL


def health(site: Site, options: argparse.Namespace, _now: datetime) -> int:
    """Every probe."""
    findings = healths.examine(site)
    if options.json:
        print(lines.health_json(findings))
    elif options.prometheus:
        print(lines.health_prometheus(site.product.name, findings))
    else:
        print(lines.health_table(findings))
    return WELL if healths.is_well(findings) else UNWELL


def backup(site: Site, options: argparse.Namespace, now: datetime) -> int:
    """One file; its path is the result."""
    path = backups.default_path(site, now, "manual")
    if options.file:
        path = options.file / path.name if options.file.is_dir() else options.file
    # files and databases refer to each other, and some are not whole while they are open
    with alone(site) as site, setups.standstill(site):
        made = backups.back_up(site, path.absolute(), now, whole=True)
    print(made)
    return WELL


def restore(site: Site, options: argparse.Namespace, now: datetime) -> int:
    """Bring it back, and set up."""
    setups.set_up(bring_back(site, options.file.absolute()), now)
    site.tell("everything is back, and well")
    return WELL


def doctor(site: Site, _options: argparse.Namespace, _now: datetime) -> int:
    """What is wrong."""
    return _complain(doctors.examine(site), "nothing is wrong")


def config(site: Site, options: argparse.Namespace, _now: datetime) -> int:
    """Effective values with their origin, secrets masked."""
    modules = [module for module in site.product.modules if options.module in (None, module.name)]
    if not modules:
        known = ", ".join(module.name for module in site.product.modules)
        raise SettingsError(f"there is no module {options.module!r}", hint=f"one of {known}")
    rows = [
        (module.name, value.name, value.shown, f"{value.origin.value} ({value.file})")
        for module in modules
        for value in settings.effective(site.product, module).values()
    ]
    print(lines.table(rows) if rows else f"{options.module} has no settings")
    return WELL


def export(site: Site, options: argparse.Namespace, _now: datetime) -> int:
    """For the other end of a pipe."""
    with alone(site) as site:
        print(share.export(site, options.roles))
    return WELL


def prepare_upgrade(site: Site, _options: argparse.Namespace, now: datetime) -> int:
    """Before new code is unpacked."""
    upgrades.prepare(site, now)
    return WELL


def _complain(complaints: Iterable[Complaint], all_well: str) -> int:
    found = list(complaints)
    for each in found:
        print(f"{each.subject}: {each.said}\n  {each.hint}")
    if not found:
        print(all_well)
    return UNWELL if found else WELL
