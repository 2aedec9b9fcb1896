"""Whether all is well: every service, and what it stands on, asked in the way it works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from urllib.parse import urlsplit

from katctl import amqp, settings, systemd
from katctl.errors import KatctlError, ToolFailed
from katctl.model import Database, Module, Service
from katctl.postgresql import ask_as, reason
from katctl.probes import Unwell, ask, unreachable
from katctl.site import Site


class Verdict(Enum):
    """How something is."""

    WELL = "well"
    UNWELL = "unwell"
    IDLE = "idle"
    """It does not run, and need not: a condition is not met, or the administrator said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is, and how that is known."""

    module: str
    subject: str
    verdict: Verdict
    said: str


def examine(site: Site) -> list[Finding]:
    """How everything is. Asks all at once; a service that hangs costs seconds, not the others' time."""
    questions = list(_questions(site))
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="health") as pool:
        return list(pool.map(_answer, questions))


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is unwell."""
    return all(finding.verdict is not Verdict.UNWELL for finding in findings)


def service_health(site: Site, module: Module, service: Service) -> Finding:
    """How one service is."""
    found = partial(Finding, module=module.name, subject=service.unit)
    state = systemd.state(service.unit)
    if state != "active":
        verdict, said = _why_not_active(site, service, state)
        return found(verdict=verdict, said=said)
    if service.health is None:
        return found(verdict=Verdict.WELL, said="active")
    try:
        said = ask(service.health, settings.texts(site.product, module), site.derivation.queue_url())
    except (Unwell, KatctlError) as error:
        return found(verdict=Verdict.UNWELL, said=str(error))
    return found(verdict=Verdict.WELL, said=said)


Question = Callable[[], Finding]


def _answer(question: Question) -> Finding:
    return question()


def _questions(site: Site) -> Iterator[Question]:
    for module in site.product.modules:
        if module.database:
            yield partial(_database_health, site, module, module.database)
        if module.queue:
            yield partial(_broker_health, site, module)
        for service in module.services:
            yield partial(service_health, site, module, service)
    for module, name, address in neighbours(site):
        yield partial(_neighbour_health, module, name, address)


def refusal(site: Site, service: Service) -> str:
    """In what way the administrator said that ``service`` is not to run; empty when they did not."""
    if systemd.is_masked(service.unit):
        return "masked"
    was_enabled = service.unit in site.memory.state.enabled
    return "disabled" if was_enabled and not systemd.is_enabled(service.unit) else ""


def _why_not_active(site: Site, service: Service, state: str) -> tuple[Verdict, str]:
    if not service.is_possible:
        return Verdict.IDLE, f"{state}: there is no {service.condition}"
    if refused := refusal(site, service):
        return Verdict.IDLE, f"{state}: the administrator {refused} it"
    return Verdict.UNWELL, f"{state}: journalctl -u {service.unit}"


def _database_health(site: Site, module: Module, database: Database) -> Finding:
    """Whether the module's own credentials let it into its own database."""
    found = partial(Finding, module=module.name, subject=f"database {database.name}")
    url = url_of(site, module, "{database}") or site.derivation.database_url(database)
    try:
        ask_as(url, "SELECT 1;")
    except ToolFailed as error:
        return found(verdict=Verdict.UNWELL, said=reason(error))
    return found(verdict=Verdict.WELL, said="lets its role in")


def _broker_health(site: Site, module: Module) -> Finding:
    found = partial(Finding, module=module.name, subject="broker")
    try:
        amqp.check_login(url_of(site, module, "{queue}") or site.derivation.queue_url())
    except amqp.Refused as error:
        return found(verdict=Verdict.UNWELL, said=str(error))
    return found(verdict=Verdict.WELL, said="lets us in")


def neighbours(site: Site) -> Iterator[tuple[Module, str, tuple[str, int]]]:
    """What is asked on other hosts: a module, the setting that says so, host and port."""
    for module in site.product.modules:
        values = settings.texts(site.product, module) if module.services else {}
        for setting in module.settings:
            parts = urlsplit(values.get(setting.name, ""))
            if site.hosts.names_another(setting.fill) and parts.hostname and parts.port:
                yield module, setting.name, (parts.hostname, parts.port)


def _neighbour_health(module: Module, name: str, address: tuple[str, int]) -> Finding:
    found = partial(Finding, module=module.name, subject=name)
    if said := unreachable(*address):
        return found(verdict=Verdict.UNWELL, said=said)
    return found(verdict=Verdict.WELL, said=f"{address[0]}:{address[1]} lets us through")


def url_of(site: Site, module: Module, hole: str) -> str:
    """The effective value of the first setting that ``hole`` alone fills; empty when there is none."""
    names = [setting.name for setting in module.settings if setting.fill == hole]
    values = settings.texts(site.product, module)
    return next((values[name] for name in names if values.get(name)), "")
