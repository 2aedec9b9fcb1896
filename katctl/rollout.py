"""Migrations and services in the order in which each finds what it needs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from katctl import packages, process, settings, systemd
from katctl.errors import DefinitionError, StepFailed, ToolFailed
from katctl.health import Verdict, refusal, service_health
from katctl.model import Migration, Module, Product, Service
from katctl.site import Site
from katctl.spread import passage
from katctl.state import key_of
from katctl.steps import Step

PAUSE = 0.3
"""Seconds between two looks at a service that is starting."""

Node = tuple[str, str, str]
"""Migration or service, its module's name, its own."""


@dataclass(frozen=True, slots=True)
class Migrate:
    """One migration."""

    site: Site
    module: Module
    migration: Migration

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"migrate {self.migration.name}"

    def missing(self) -> list[str]:
        """Whether it was not yet done for the installed version."""
        state, migration = self.site.memory.state, self.migration
        done = state.migrated.get(self._key)
        if done and (migration.once or done == self._version):
            return []
        if migration.before and not packages.is_older(state.left_by.get(self.module.package, ""), migration.before):
            return []
        return [f"{self.migration.name}, for {self._version or 'this version'}"]

    def make(self) -> None:
        """Do it, as its account and with the module's settings. Raises StepFailed with the way back."""
        migration = self.migration
        try:
            process.run(
                shlex.split(migration.exec),
                user=migration.user,
                directory=migration.directory or "/",
                env=settings.texts(self.site.product, self.module),
            )
        except ToolFailed as error:
            raise StepFailed(
                f"the migration {migration.name!r} of {self.module.package} failed",
                where=self.name,
                hint=self._way_back(),
                details=error.details or str(error),
            ) from error
        done = {**self.site.memory.state.migrated, self._key: self._version}
        self.site.memory.change(migrated=done)

    def _way_back(self) -> str:
        upgrade = self.site.memory.state.upgrade
        if upgrade is None or not upgrade.backup:
            return "mend the cause, then: katctl setup"
        now = packages.versions(upgrade.versions)
        changed = {name: version for name, version in upgrade.versions.items() if now.get(name) != version}
        if not changed:
            return f"mend the cause, then: katctl setup. Or have the data as it was: katctl restore {upgrade.backup}"
        return (
            f"mend the cause, then: katctl setup. Or go back: {packages.to_go_back(changed)} && "
            f"katctl restore {upgrade.backup}"
        )

    @property
    def _key(self) -> str:
        return key_of(self.module, self.migration)

    @property
    def _version(self) -> str:
        return packages.versions([self.module.package]).get(self.module.package, "")


@dataclass(frozen=True, slots=True)
class Start:
    """Services that may start together, until each is well."""

    site: Site
    services: tuple[tuple[Module, Service], ...]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"start {', '.join(service.name for _, service in self.services)}"

    def missing(self) -> list[str]:
        """What does not run, runs on other settings, or is not well."""
        return [f"{service.unit}: {why}" for module, service in self._wanted() if (why := self._why(module, service))]

    def make(self) -> None:
        """Enable, start or restart, and wait. Raises StepFailed."""
        wanted = list(self._wanted())
        self._enable([service.unit for _, service in wanted])
        runs = {service.unit: systemd.is_active(service.unit) for _, service in wanted}
        stale = {service.unit for module, service in wanted if runs[service.unit] and self._is_stale(module, service)}
        try:
            systemd.restart(sorted(stale))
            systemd.start(sorted(unit for unit, active in runs.items() if not active))
        except ToolFailed as error:
            raise StepFailed(str(error), where=self.name, hint=error.hint, details=error.details) from error
        started = {service.name: self._digest(module) for module, service in wanted}
        self.site.memory.change(started={**self.site.memory.state.started, **started})
        self._wait(wanted)

    def _wanted(self) -> Iterator[tuple[Module, Service]]:
        for module, service in self.services:
            if service.is_possible and not refusal(self.site, service):
                yield module, service

    def _why(self, module: Module, service: Service) -> str:
        if service.unit not in self.site.memory.state.enabled:
            return "not enabled"
        if not systemd.is_active(service.unit):
            return "not active"
        if self._is_stale(module, service):
            return "runs on other settings"
        finding = service_health(self.site, module, service)
        return finding.said if finding.verdict is Verdict.UNWELL else ""

    def _digest(self, module: Module) -> str:
        through = passage(self.site, module)
        return settings.digest(settings.texts(self.site.product, module) | ({"": through} if through else {}))

    def _is_stale(self, module: Module, service: Service) -> bool:
        return self.site.memory.state.started.get(service.name) != self._digest(module)

    def _enable(self, units: list[str]) -> None:
        known = self.site.memory.state.enabled
        for unit in units:
            if unit not in known:
                systemd.enable(unit)
        systemd.reload()
        self.site.memory.add(enabled=units)

    def _wait(self, wanted: list[tuple[Module, Service]]) -> None:
        began = time.monotonic()
        for module, service in wanted:
            patience = service.health.patience if service.health else 5
            while (finding := service_health(self.site, module, service)).verdict is Verdict.UNWELL:
                if time.monotonic() - began > patience:
                    raise StepFailed(
                        f"{service.unit} is not well after {patience} s: {finding.said}",
                        where=self.name,
                        hint=f"journalctl -u {service.unit}",
                        details=systemd.last_words(service.unit),
                    )
                time.sleep(PAUSE)


def rollout(site: Site) -> list[Step]:
    """Every migration and every start, in order. Raises DefinitionError when they wait for each other."""
    steps: list[Step] = []
    nouns = dict(_nodes(site.product))
    for batch in _batches(site.product):
        found = [nouns[node] for node in batch]
        steps += [Migrate(site, module, noun) for module, noun in found if isinstance(noun, Migration)]
        services = tuple((module, noun) for module, noun in found if isinstance(noun, Service))
        if services:
            steps.append(Start(site, services))
    return steps


def stop_order(product: Product) -> list[list[str]]:
    """The units in the order in which they are stopped: who uses another before it. Raises DefinitionError."""
    nouns = dict(_nodes(product))
    batches = [[nouns[node][1] for node in batch] for batch in _batches(product)]
    units = [[noun.unit for noun in batch if isinstance(noun, Service)] for batch in reversed(batches)]
    return [batch for batch in units if batch]


def running(site: Site) -> list[str]:
    """What runs, in the order in which it may be started again."""
    return [unit for units in reversed(stop_order(site.product)) for unit in units if systemd.is_active(unit)]


def stop_all(site: Site) -> None:
    """Stop every service in order. Raises ToolFailed."""
    for units in stop_order(site.product):
        systemd.stop([unit for unit in units if systemd.is_active(unit)])


def _nodes(product: Product) -> Iterator[tuple[Node, tuple[Module, Migration | Service]]]:
    for module in product.modules:
        for migration in module.migrations:
            yield ("migration", module.name, migration.name), (module, migration)
        for service in module.services:
            yield ("service", module.name, service.name), (module, service)


def _batches(product: Product) -> Iterator[list[Node]]:
    sorter: TopologicalSorter[Node] = TopologicalSorter()
    for node, before in _edges(product):
        sorter.add(node, *before)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " after ".join(node[2] for node in error.args[1])
        raise DefinitionError(
            "they wait for each other", where=circle, hint="tell those who made the packages; nothing was started"
        ) from error
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield ready
        sorter.done(*ready)


def _edges(product: Product) -> Iterator[tuple[Node, list[Node]]]:
    services: dict[str, Node] = {s.name: ("service", m.name, s.name) for m, s in product.services}
    for module in product.modules:
        migrations: list[Node] = []
        for migration in module.migrations:
            others = [node for node in services.values() if node[1] in migration.after and node[1] != module.name]
            yield ("migration", module.name, migration.name), [*migrations, *others]
            migrations.append(("migration", module.name, migration.name))
        for service in module.services:
            named = [services[unit] for each in service.after if (unit := each.removesuffix(".service")) in services]
            yield services[service.name], [*migrations, *named]
