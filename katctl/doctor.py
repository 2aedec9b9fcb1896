"""What is wrong, or will be: settings, files and surroundings, each with what to do about it."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from katctl import files, health, legacy, settings, systemd
from katctl.errors import KatctlError
from katctl.hosts import FILE
from katctl.probes import address
from katctl.settings import Origin
from katctl.site import Site
from katctl.surroundings import Complaint, surroundings

ROOM = 2048
"""MiB that ought to be free on a running server."""

PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")
"""In a URL."""

LISTENING = "0A"
BROKER_PORTS = {4369: "epmd", 5672: "the broker", 25672: "its distribution"}


def preflight(site: Site) -> Iterator[Complaint]:
    """What the machine lacks before anything is set up."""
    needs = site.product.needs
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    if memory < needs.memory * 0.95:  # what the kernel takes for itself
        yield Complaint(subject="memory", said=f"{memory} MiB, and {needs.memory} are needed", hint="give it more")
    total = shutil.disk_usage("/var").total >> 20
    if total < needs.disk:
        yield Complaint(subject="disk", said=f"/var has {total} MiB, and {needs.disk} are needed", hint="give it more")
    yield from surroundings(site)
    yield from _ports(site)


def examine(site: Site) -> Iterator[Complaint]:
    """What is wrong on a server that is set up."""
    yield from _history(site)
    yield from _settings(site)
    yield from _places(site)
    yield from _left(site)
    yield from _shared(site)
    yield from _modes(site)
    yield from _listeners(site)
    yield from surroundings(site)
    free = shutil.disk_usage("/var").free >> 20
    if free < ROOM:
        yield Complaint(subject="disk", said=f"{free} MiB are left on /var", hint=f"look at {site.product.backups}")
    # what is unwell because of something above comes after it
    yield from _unwell(site)


def _unwell(site: Site) -> Iterator[Complaint]:
    for finding in health.examine(site):
        if finding.verdict is health.Verdict.UNWELL:
            hint = "katctl setup; it starts what does not run, and says where it stops"
            yield Complaint(subject=finding.subject, said=finding.said, hint=hint)


def _ports(site: Site) -> Iterator[Complaint]:
    taken = {port for port, _ in _listening()}
    for module, service in site.product.services:
        values = settings.texts(site.product, module)
        port = urlsplit(address(service.health.url, values)).port if service.health else None
        if port in taken and not systemd.is_active(service.unit):
            yield Complaint(subject=service.unit, said=f"something else listens on port {port}", hint="stop that first")


def _history(site: Site) -> Iterator[Complaint]:
    state = site.memory.state
    if state.restoring:
        yield Complaint(subject="restore", said="it did not reach its end", hint=f"katctl restore {state.restoring}")
    if state.failure:
        hint = state.failure.hint or "katctl setup"
        yield Complaint(subject=state.failure.step, said=state.failure.message, hint=hint)


def _settings(site: Site) -> Iterator[Complaint]:
    for module in site.product.modules:
        known = {setting.name for setting in module.settings}
        file = site.product.administrator_file(module.name)
        try:
            values = settings.effective(site.product, module)
        except KatctlError as error:
            yield Complaint(subject=error.where or module.name, said=str(error), hint=error.hint or "mend it")
            continue
        for setting in module.settings:
            if setting.required and not (values.get(setting.name) and values[setting.name].text):
                hint = "katctl setup" if setting.fill else f"set it in {file}: {setting.meaning}"
                yield Complaint(subject=module.name, said=f"{setting.name} has no value", hint=hint)
        for value in values.values():
            is_known = any(setting.covers(value.name) for setting in module.settings)
            if value.origin is Origin.ADMINISTRATOR and known and not is_known:
                near = difflib.get_close_matches(value.name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else "its services may know it; we do not"
                yield Complaint(subject=str(file), said=f"nobody told us of a setting {value.name}", hint=hint)


def _places(site: Site) -> Iterator[Complaint]:
    """Data in another directory than the package's: no backup would have it, and no service could write it."""
    for module in site.product.modules:
        known = {directory.path for directory in module.directories}
        for value in settings.administrators(site.product, module):
            place = next((each.default or "" for each in module.settings if each.name == value.name), "").rstrip("/")
            if place in known and not f"{value.text}/".startswith(f"{place}/"):
                said = f"{value.name} is {value.text}, and only {place} is written to and backed up"
                hint = f"mount --bind {value.text} {place}, in /etc/fstab, and take {value.name} out of {value.file}"
                yield Complaint(subject=module.name, said=said, hint=hint)


def _left(site: Site) -> Iterator[Complaint]:
    """What an administrator wrote into files of a package that was here before."""
    for module in site.product.modules:
        for path in legacy.lost(site.product, module):
            hint = f"carry over what you want to {site.product.administrator_file(module.name)}, and delete it"
            yield Complaint(subject=str(path), said="it was edited, and nothing reads it any more", hint=hint)


def _shared(site: Site) -> Iterator[Complaint]:
    """One value that several modules must agree on."""
    found: dict[str, dict[str, list[str]]] = {}
    for module in site.product.modules:
        values = settings.texts(site.product, module)
        for setting in module.settings:
            if setting.shared and setting.name in values:
                found.setdefault(setting.shared, {}).setdefault(values[setting.name], []).append(module.name)
    for shared, by_value in found.items():
        if len(by_value) > 1:
            parties = " and ".join(", ".join(names) for names in by_value.values())
            yield Complaint(
                subject=shared, said=f"{parties} differ about it", hint="set the same value for all, or for none"
            )


def _modes(site: Site) -> Iterator[Complaint]:
    state = site.product.state
    for path in (state / "secrets.json", *sorted((state / "config").glob("*.env"))):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Complaint(subject=str(path), said="others may read it", hint=f"chmod 600 {path}")
    for name in (site.product.module, FILE):
        path = site.product.administrator_file(name)
        if PASSWORD.search(files.read(path)) and path.stat().st_mode & 0o007:
            said = "it holds a password, and others may read it"
            yield Complaint(subject=str(path), said=said, hint=f"chmod 640 {path}")


def _listeners(site: Site) -> Iterator[Complaint]:
    if site.answers.rabbitmq or not site.needs_broker:
        return
    for port, everywhere in sorted(_listening()):
        if everywhere and port in BROKER_PORTS:
            said = f"{BROKER_PORTS[port]} listens on every address, port {port}"
            # set-up confines a broker that is new; this one somebody else configured, or uses
            yield Complaint(subject="RabbitMQ", said=said, hint="bind it to 127.0.0.1, or use a firewall")


def _listening() -> set[tuple[int, bool]]:
    """TCP ports that somebody listens on, and whether beyond the loopback."""
    found = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            _, local, _, state, *_ = line.split()
            address, _, port = local.partition(":")
            if state == LISTENING:
                found.add((int(port, 16), set(address) == {"0"}))
    return found
