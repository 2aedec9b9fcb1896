"""What a step of setting up is, and those that need no room of their own: accounts, configuration, broker.

Each can tell what is missing, and make it. Made twice is made once.
"""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from katctl import files, packages, process, settings, systemd
from katctl.elsewhere import broker_refusal
from katctl.errors import StepFailed, ToolFailed
from katctl.hosts import FILE, RABBITMQ
from katctl.model import Module
from katctl.rabbitmq import SERVER
from katctl.settings import quoted
from katctl.site import Site


class Step(Protocol):
    """One step."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def missing(self) -> list[str]:
        """What is not yet as it should be. Changes nothing."""

    def make(self) -> None:
        """Make it so. Raises KatctlError."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The system accounts, and the directories that they own."""

    site: Site
    name: str = "accounts"

    def missing(self) -> list[str]:
        """Accounts that nobody made yet."""
        return [f"account {name}" for name in sorted(set(self._wanted())) if not _exists(name)]

    def make(self) -> None:
        """What the packages' own files say."""
        process.run(["systemd-sysusers"])
        process.run(["systemd-tmpfiles", "--create"])

    def _wanted(self) -> Iterator[str]:
        for module in self.site.product.modules:
            yield from (service.account for service in module.services)
            yield from (directory.user for directory in module.directories)
            yield from (migration.user for migration in module.migrations)


@dataclass(frozen=True, slots=True)
class Confinement:
    """The broker of this host listens on the loopback alone."""

    site: Site
    name: str = "confine the broker"

    def missing(self) -> list[str]:
        """Only a broker that nobody uses yet is ours to configure; to be asked, it must run."""
        site = self.site
        if site.answers.rabbitmq or not site.needs_broker:
            return []
        if site.memory.state.confining:
            return ["it was interrupted"]
        if not site.rabbitmq.is_as_written:
            return ["other hosts reach RabbitMQ at another address"]
        if site.rabbitmq.is_configured:
            return []
        if not systemd.is_active(SERVER):
            return ["RabbitMQ does not run"]
        return ["RabbitMQ listens on every address"] if site.rabbitmq.is_fresh else []

    def make(self) -> None:
        """Bind it, and restart it."""
        memory, rabbitmq = self.site.memory, self.site.rabbitmq
        try:
            if not memory.state.confining and rabbitmq.is_as_written:
                rabbitmq.start()
                if not rabbitmq.is_fresh:
                    return
            memory.change(confining=True)
            rabbitmq.confine()
        except ToolFailed as error:
            product = self.site.product
            file = product.administrator_file(product.module)
            raise StepFailed(
                "RabbitMQ does not run",
                where=self.name,
                hint=f"{packages.to_install('rabbitmq-server')}, or set RABBITMQ_URL in {file}",
                details=error.details or str(error),
            ) from error
        memory.change(confining=False)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Generated values and secrets, in a file for each module."""

    site: Site
    name: str = "configuration"

    def missing(self) -> list[str]:
        """Files that do not say what they should; of the administrator's, those that are not there."""
        product = self.site.product
        silent = [product.administrator_file(module.name) for module in settings.silent(product)]
        return [str(path) for path in (*files.stale(self._wanted()), *silent)]

    def make(self) -> None:
        """Write them. Services see them when they are started."""
        for path, text in files.stale(self._wanted()).items():
            files.write(path, text)
        (self.site.product.state / "config").chmod(0o700)
        settings.begin_files(self.site.product)

    def _wanted(self) -> Iterator[tuple[Path, str]]:
        for module in self.site.product.modules:
            if any(setting.fill for setting in module.settings):
                yield self.site.product.generated_file(module.name), self._text(module)

    def _text(self, module: Module) -> str:
        product = self.site.product
        values = self.site.derivation.environment(module)
        lines = [f"{name}={quoted(text)}" for name, text in sorted(values.items())]
        head = f"# Written by katctl. Your own words go to {product.administrator_file(module.name)}, which wins."
        return "\n".join([head, *lines]) + "\n"


@dataclass(frozen=True, slots=True)
class Broker:
    """A vhost and a user of the product."""

    site: Site
    name: str = "broker"

    def missing(self) -> list[str]:
        """Whether the broker does not let us in."""
        if not self.site.needs_broker:
            return []
        refusal = broker_refusal(self.site.derivation.queue_url())
        return [f"the broker does not let us in: {refusal[0]}"] if refusal else []

    def make(self) -> None:
        """Create them on this host; elsewhere that is the other administrator's."""
        url = self.site.derivation.queue_url()
        if not self.site.answers.rabbitmq:
            self.site.rabbitmq.provide(self.site.product.name, unquote(urlsplit(url).password or ""))
        if refusal := broker_refusal(url):
            said, hint = refusal
            if place := self.site.hosts.of_ours(RABBITMQ):
                hint = f"on {place}: katctl setup, with the same {FILE}.conf"
            raise StepFailed(f"the broker does not let us in: {said}", where=self.name, hint=hint)


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True
