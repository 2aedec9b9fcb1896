"""This server: what is installed, what was answered, and the means to change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from katctl.answers import Answers, Derivation, read_answers
from katctl.descriptors import read_product
from katctl.hosts import POSTGRESQL, RABBITMQ, Hosts, read_hosts
from katctl.model import Product
from katctl.postgresql import PostgreSQL
from katctl.rabbitmq import RabbitMQ
from katctl.secret import Secrets
from katctl.state import Memory

Tell = Callable[[str], None]
"""Says a line to whoever looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every command works on."""

    product: Product
    """As far as it is this host's."""
    hosts: Hosts
    answers: Answers
    secrets: Secrets
    derivation: Derivation
    memory: Memory
    postgresql: PostgreSQL
    rabbitmq: RabbitMQ
    tell: Tell

    @property
    def needs_database(self) -> bool:
        """Whether a module keeps its data in PostgreSQL, or other hosts' do in ours."""
        return bool(self.hosts.served(POSTGRESQL)) or any(module.database for module in self.product.modules)

    @property
    def needs_broker(self) -> bool:
        """Whether a module speaks to the broker, or other hosts' do to ours."""
        return bool(self.hosts.served(RABBITMQ)) or any(module.queue for module in self.product.modules)


def open_site(lib: Path, tell: Tell, *, keep: bool = True) -> Site:
    """The site whose product lies in ``lib``; secrets that are made on the way are kept, or forgotten.

    Raises DefinitionError and SettingsError.
    """
    hosts = read_hosts(read_product(lib))
    product = hosts.narrowed()
    answers = read_answers(product, hosts)
    secrets = Secrets(product.state / "secrets.json", keep=keep)
    return Site(
        product=product,
        hosts=hosts,
        answers=answers,
        secrets=secrets,
        derivation=Derivation(product, answers, hosts, secrets),
        memory=Memory(product.state, tell),
        postgresql=PostgreSQL(answers.postgresql),
        rabbitmq=RabbitMQ(product.root, hosts.served(RABBITMQ)),
        tell=tell,
    )


def open_again(site: Site, *, keep: bool = True) -> Site:
    """The same site, after its answers and secrets were changed on disk."""
    return open_site(site.product.lib, site.tell, keep=keep)


@contextmanager
def alone(site: Site) -> Iterator[Site]:
    """While open, no other katctl changes anything: ``site`` as it is then, for one that was waited for changed it."""
    with site.memory.alone():
        yield open_again(site)
