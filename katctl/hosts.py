"""Who is where, when a product is spread over several hosts: a file that is the same on each of them."""

from __future__ import annotations

import difflib
import fcntl
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_interface
from urllib.parse import urlsplit

from katctl import settings
from katctl.errors import SettingsError
from katctl.model import Module, Product, Role, Service

FILE = "hosts"
"""Of /etc/PRODUCT/hosts.conf, and of what was taken from another host."""

POSTGRESQL, RABBITMQ = "postgresql", "rabbitmq"
ADDRESS_OF = re.compile(r"\{address of ([^{} ]+)\}")
INTERFACE = re.compile(r"\{interface ([^{} ]+)\}")
SIOCGIFADDR, SIOCGIFNETMASK = 0x8915, 0x891B


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Roles, PostgreSQL and RabbitMQ, and the address at which the other hosts reach each."""

    product: Product
    """All that is installed, whoever is to run it."""
    places: dict[str, str]
    here: frozenset[str] = frozenset()
    """What is at an address of this host's own."""

    @property
    def is_spread(self) -> bool:
        """Whether there is more than this host."""
        return any(role.key in self.places for role in self.product.roles)

    @property
    def addresses(self) -> list[str]:
        """Of all hosts, this one too."""
        return sorted({host_of(place) for place in self.places.values()})

    def served(self, what: str) -> str:
        """The address at which this host lets the others use its PostgreSQL or RabbitMQ; empty when it does not."""
        return self.places[what] if self.is_spread and what in self.here else ""

    def of_ours(self, what: str) -> str:
        """The address of the other host of the product that has PostgreSQL or RabbitMQ; empty when none has."""
        place = self.places.get(what, "")
        return "" if what in self.here or "://" in place else place

    def url(self, what: str, scheme: str) -> str:
        """Where PostgreSQL or RabbitMQ is, when that is elsewhere."""
        place = self.places.get(what, "")
        if not place or what in self.here:
            return ""
        return place if "://" in place else f"{scheme}://{place}"

    def runs(self, module: Module, service: Service) -> bool:
        """Whether ``service`` is to run here."""
        return not self.is_spread or any(role.key in self.here for role in self._roles(module, service))

    def is_home(self, module: Module) -> bool:
        """Whether the data of ``module`` is this host's to migrate and back up: it runs the first of its services."""
        return not module.services or self.runs(module, module.services[0])

    def address_of(self, name: str) -> str:
        """Of the host that runs the service ``name``; empty when nobody said."""
        for module in self.product.known:
            for service in module.services:
                if service.name == name:
                    places = (self.places.get(role.key, "") for role in self._roles(module, service))
                    return next(filter(None, places), "")
        return ""

    def names_another(self, fill: str) -> bool:
        """Whether the value that ``fill`` makes is about a service of another host."""
        ours = {self.places[name] for name in self.here}
        addresses = [self.address_of(name) for name in ADDRESS_OF.findall(fill)]
        return any(address and address not in ours for address in addresses)

    def narrowed(self) -> Product:
        """The product as far as it is this host's."""
        if not self.is_spread:
            return self.product
        return replace(self.product, modules=tuple(self._narrow(module) for module in self.product.modules))

    def strangers(self) -> list[str]:
        """Units that are installed here and run on other hosts."""
        return [service.unit for module, service in self.product.services if not self.runs(module, service)]

    def _narrow(self, module: Module) -> Module:
        home = self.is_home(module)
        return replace(
            module,
            services=tuple(service for service in module.services if self.runs(module, service)),
            migrations=module.migrations if home else (),
            is_home=home,
        )

    def _roles(self, module: Module, service: Service) -> list[Role]:
        having = [role for role in self.product.roles if module.name in role.modules]
        return [role for role in having if not service.roles or role.name in service.roles]


def read_hosts(product: Product) -> Hosts:
    """What the administrator said, or another host. Raises SettingsError."""
    module = Module(name=FILE, package="")
    places = {name: place for name, place in settings.texts(product, module).items() if place}
    known = [*(role.key for role in product.roles), POSTGRESQL, RABBITMQ]
    for name in places:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
            raise SettingsError(f"there is no role {name!r}", where=str(product.administrator_file(FILE)), hint=hint)
    here = frozenset(name for name, place in places.items() if "://" not in place and is_ours(place))
    return Hosts(product=product, places=places, here=here)


def host_of(place: str) -> str:
    """The host in an address or URL; empty when that is none."""
    try:
        return (urlsplit(place).hostname or "") if "://" in place else place
    except ValueError:
        return ""


def is_ours(address: str) -> bool:
    """Whether it is one of this host's: then one can listen there."""
    for family, kind, _, _, where in _resolve(address):
        with socket.socket(family, kind) as listener:
            try:
                listener.bind(where)
            except OSError:
                continue
            return True
    return False


def numbers_of(addresses: Iterable[str]) -> list[str]:
    """``addresses`` as IP addresses, those of the loopback left out; what is not known is not there."""
    found = {str(where[0]) for address in addresses for *_, where in _resolve(address)}
    return sorted(each for each in found if not each.startswith("127.") and each != "::1")


def address_of_interface(name: str) -> str:
    """Its IPv4 address; empty when there is none."""
    return _ask_interface(name, SIOCGIFADDR)


def networks_in(fill: str) -> list[str]:
    """The networks of the interfaces that a setting's ``fill`` is about: who is there is to be let through."""
    found = [
        (_ask_interface(name, SIOCGIFADDR), _ask_interface(name, SIOCGIFNETMASK)) for name in INTERFACE.findall(fill)
    ]
    return [str(ip_interface("/".join(pair)).network) for pair in found if all(pair)]


def _ask_interface(name: str, question: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, question, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])


def _resolve(address: str) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    try:
        return socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)  # type: ignore[return-value]
    except OSError:
        return []
