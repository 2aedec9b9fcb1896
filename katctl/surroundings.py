"""PostgreSQL and RabbitMQ as they must be before anything is set up on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from katctl import packages, systemd
from katctl.elsewhere import broker_refusal
from katctl.errors import ToolFailed
from katctl.hosts import POSTGRESQL
from katctl.postgresql import ask_as, reason, to_have_it_run
from katctl.probes import unreachable
from katctl.rabbitmq import SERVER
from katctl.site import Site

OLDEST_POSTGRESQL = 130000
SPARE = 10
"""Connections for katctl, backups and people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that is wrong."""

    subject: str
    said: str
    hint: str


def surroundings(site: Site) -> Iterator[Complaint]:
    """What PostgreSQL and RabbitMQ lack, wherever they are."""
    if site.needs_database:
        yield from _postgresql(site)
    if site.needs_broker:
        yield from _rabbitmq(site)


def connections(site: Site) -> int:
    """How many connections the modules may open, all of them together, and some to spare."""
    product = site.product
    modules = product.known if site.hosts.served(POSTGRESQL) else product.modules
    return sum(module.database.connections for module in modules if module.database) + SPARE


def _postgresql(site: Site) -> Iterator[Complaint]:
    try:
        said = _ask(site, "SHOW server_version_num; SHOW max_connections;").split()
    except ToolFailed as error:
        yield from _no_answer(site, reason(error))
        return
    version, most = (int(word) for word in said)
    if version < OLDEST_POSTGRESQL:
        yield Complaint(subject="PostgreSQL", said=f"version {version // 10000} is too old", hint="13 or newer")
    if site.answers.postgresql and most < connections(site):
        yield Complaint(
            subject="PostgreSQL",
            said=f"it takes {most} connections, and the modules may open {connections(site)}",
            hint=f"its administrator: ALTER SYSTEM SET max_connections = {connections(site)}; and a restart",
        )


def _ask(site: Site, sql: str) -> str:
    """As administrator, or as any role that is let in."""
    if site.answers.makes_databases:
        return site.postgresql.ask(sql)
    database = next(module.database for module in site.product.modules if module.database)
    return ask_as(site.derivation.database_url(database), sql)


def _no_answer(site: Site, why: str) -> Iterator[Complaint]:
    if not site.answers.postgresql:
        hint = f"{to_have_it_run()}, or set POSTGRESQL_URL"
        yield Complaint(subject="PostgreSQL", said=why, hint=hint)
        return
    parts = urlsplit(site.answers.postgresql)
    said = unreachable(parts.hostname or "", parts.port or 5432)
    if said or site.answers.makes_databases:
        hint = "look at POSTGRESQL_URL, its listen_addresses, and firewalls between"
        yield Complaint(subject="PostgreSQL", said=said or why, hint=hint)
    else:
        hint = "katctl setup; it writes what its administrator has to do"
        yield Complaint(subject="PostgreSQL", said=why, hint=hint)


def _rabbitmq(site: Site) -> Iterator[Complaint]:
    if site.answers.rabbitmq:
        if refusal := broker_refusal(site.derivation.queue_url()):
            yield Complaint(subject="RabbitMQ", said=refusal[0], hint=refusal[1])
    elif systemd.show(SERVER, "LoadState") == "not-found":
        hint = f"{packages.to_install('rabbitmq-server')}, or set RABBITMQ_URL"
        yield Complaint(subject="RabbitMQ", said="it is not installed", hint=hint)
