"""What only the administrator knows, and how everything that services need is derived from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from katctl import settings
from katctl.errors import SettingsError
from katctl.hosts import POSTGRESQL, RABBITMQ, Hosts, address_of_interface
from katctl.model import Database, Module, Product, Setting
from katctl.secret import Secrets

AUTOMATIC = "auto"
BROKER = "broker"
"""What the secret of the product's user of RabbitMQ is known by."""

HOLE = re.compile(r"\{([a-z]+(?: of)?) ?([^{} ]*)\}")
"""What a setting's ``fill`` may hold in braces: {secret}, {address of SERVICE}, {interface NAME} …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The product's own settings: from debconf, or from the administrator's file."""

    setup: str = AUTOMATIC
    """auto or manual."""
    host: str = ""
    """The public name."""
    email: str = ""
    """The administrator's."""
    postgresql: str = ""
    """URL of a PostgreSQL elsewhere, with somebody who may make roles and databases or without; empty: this host's."""
    rabbitmq: str = ""
    """URL of a vhost of a RabbitMQ elsewhere; empty: the one on this host."""

    @property
    def is_automatic(self) -> bool:
        """Whether installing and upgrading set up."""
        return self.setup != "manual"

    @property
    def makes_databases(self) -> bool:
        """Whether anybody here may make roles and databases."""
        return not self.postgresql or bool(urlsplit(self.postgresql).username)


def read_answers(product: Product, hosts: Hosts) -> Answers:
    """What was answered; the product's own file wins over that of the hosts. Raises SettingsError."""
    module = Module(name=product.module, package="")
    said = settings.texts(product, module)
    answers = Answers(
        setup=said.get("SETUP", AUTOMATIC) or AUTOMATIC,
        host=said.get("HOST_NAME", ""),
        email=said.get("ADMIN_EMAIL", ""),
        postgresql=said.get("POSTGRESQL_URL", "") or hosts.url(POSTGRESQL, "postgresql"),
        rabbitmq=said.get("RABBITMQ_URL", "") or hosts.url(RABBITMQ, "amqp"),
    )
    where = str(product.administrator_file(product.module))
    for name, url, schemes in (
        ("POSTGRESQL_URL", answers.postgresql, ("postgresql", "postgres")),
        ("RABBITMQ_URL", answers.rabbitmq, ("amqp", "amqps")),
    ):
        if url and (urlsplit(url).scheme not in schemes or not urlsplit(url).hostname):
            raise SettingsError(f"{name} is no URL", where=where, hint=f"{name}={schemes[0]}://USER:PASSWORD@HOST/NAME")
    return answers


def purpose_of(module: Module, setting: Setting) -> str:
    """What the secret in ``setting`` is kept for."""
    return f"shared {setting.shared}" if setting.shared else f"{module.name} {setting.name}"


def purpose_of_role(role: str) -> str:
    """What the password of ``role`` is kept for."""
    return f"role {role}"


class Derivation:
    """Makes the values of settings that say how they are filled."""

    def __init__(self, product: Product, answers: Answers, hosts: Hosts, secrets: Secrets) -> None:
        self._product = product
        self._answers = answers
        self._hosts = hosts
        self._secrets = secrets

    def environment(self, module: Module) -> dict[str, str]:
        """The generated values of ``module``; what cannot be known is left to the shipped value."""
        made = {setting.name: self._fill(module, setting) for setting in module.settings if setting.fill}
        return {name: text for name, text in made.items() if text is not None}

    def database_url(self, database: Database) -> str:
        """Where ``database`` is, and how its role gets in."""
        password = quote(self._secrets.get(purpose_of_role(database.role)), safe="")
        elsewhere = urlsplit(self._answers.postgresql)
        host, port = elsewhere.hostname or "localhost", elsewhere.port or 5432
        netloc = f"{database.role}:{password}@{host}:{port}"
        return urlunsplit(("postgresql", netloc, f"/{database.name}", elsewhere.query, ""))

    def queue_url(self) -> str:
        """The broker's vhost of the product, and how to get in."""
        elsewhere = urlsplit(self._answers.rabbitmq)
        if elsewhere.username:
            return self._answers.rabbitmq
        name, host = self._product.name, elsewhere.netloc or "localhost:5672"
        vhost = elsewhere.path.removeprefix("/") or quote(name, safe="")
        password = quote(self._secrets.get(BROKER), safe="")
        return f"{elsewhere.scheme or 'amqp'}://{name}:{password}@{host}/{vhost}"

    def secrets_of(self, module: Module) -> dict[str, str]:
        """All that ``module`` must know, by what it is for."""
        wanted = {purpose_of(module, setting) for setting in module.settings if "{secret}" in setting.fill}
        if module.database:
            wanted.add(purpose_of_role(module.database.role))
        if module.queue:
            wanted.add(BROKER)
        return {purpose: self._secrets.get(purpose) for purpose in sorted(wanted)}

    def _fill(self, module: Module, setting: Setting) -> str | None:
        known = {match[0]: self._value(match[1], match[2], module, setting) for match in HOLE.finditer(setting.fill)}
        if not all(known.values()):
            return None
        return HOLE.sub(lambda match: known[match[0]], setting.fill)

    def _value(self, hole: str, name: str, module: Module, setting: Setting) -> str:
        match hole:
            case "secret":
                return self._secrets.get(purpose_of(module, setting))
            case "database":
                return self.database_url(module.database) if module.database else ""
            case "queue":
                return self.queue_url()
            case "address of":
                return self._hosts.address_of(name)
            case "interface":
                return address_of_interface(name)
            case "host":
                return self._answers.host
            case "email":
                return self._answers.email
            case _:
                return ""
