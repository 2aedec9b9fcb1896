"""Setting up: every step in order, what is done already left alone, until all is well or a named step failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from katctl import packages, process, systemd
from katctl.adoption import Adoption
from katctl.cluster import Cluster
from katctl.databases import Databases
from katctl.errors import KatctlError, StepFailed, of_the_system
from katctl.rollout import Migrate, Start, rollout, running, stop_all
from katctl.site import Site, alone
from katctl.spread import Others, Part, Passage
from katctl.state import Failure
from katctl.steps import Accounts, Broker, Configuration, Confinement, Step

MARK = "unfinished"
"""A file in the state directory while setting up is not at its end; kat-setup.service then goes on at the next boot."""


def set_up(site: Site, now: datetime) -> None:
    """Make all that is missing. Raises KatctlError, after remembering which step failed."""
    with alone(site) as site:
        (site.product.state / MARK).touch()
        _refuse_halves(site)
        _forget_removed(site)
        _remember_data(site)
        step_name = ""
        try:
            for step in _steps(site, now):
                step_name = step.name
                _take(site, step)
        except KatctlError as error:
            failure = Failure(step=step_name, message=str(error), hint=error.hint or "", details=error.details or "")
            site.memory.change(failure=failure)
            raise
        site.memory.change(failure=None, upgrade=None, around=packages.present(site.hosts.product.around))
        (site.product.state / MARK).unlink(missing_ok=True)
        systemd.forget_failures([f"{site.product.name}-setup.service"])


def migrate(site: Site, now: datetime) -> None:
    """Do the foundations and the migrations, and start only what a migration needs. Raises KatctlError."""
    with alone(site) as site:
        _refuse_halves(site)
        steps = rollout(site)
        last = max((number for number, step in enumerate(steps) if isinstance(step, Migrate)), default=-1)
        for step in [*_foundations(site, now), *steps[: last + 1]]:
            _take(site, step)


@contextmanager
def standstill(site: Site) -> Iterator[None]:
    """While open, no service runs; then what ran does again. When that cannot be said, setting up has to look."""
    mark = site.product.state / MARK
    was_marked = mark.exists()
    mark.touch()
    ran = running(site)
    try:
        site.tell("stopping the services")
        stop_all(site)
        yield
    finally:
        with process.undisturbed():
            site.tell("starting the services again")
            systemd.start(ran)
            if not was_marked:
                mark.unlink()


def missing(site: Site, now: datetime) -> Iterator[tuple[str, str]]:
    """What ``set_up`` would make, as step and thing. Changes nothing."""
    for step in _steps(site, now):
        for thing in step.missing():
            yield step.name, thing


def _refuse_halves(site: Site) -> None:
    """Some of the data may be of the backup, and some what was here before. Raises StepFailed."""
    if backup := site.memory.state.restoring:
        hint = f"katctl restore {backup}, or another backup"
        raise StepFailed("a restoration did not reach its end", where=str(site.product.state), hint=hint)


def _forget_removed(site: Site) -> None:
    """A unit that went with its package is new when it comes back, not one that the administrator disabled."""
    here = {service.unit for _, service in site.product.services}
    known = site.memory.state.enabled
    if not here.issuperset(known):
        site.memory.change(enabled=tuple(unit for unit in known if unit in here))


def _remember_data(site: Site) -> None:
    """Purge has to know it when modules are gone."""
    site.memory.add(
        directories=(each.path for module in site.product.modules for each in module.directories if each.backup)
    )


def _steps(site: Site, now: datetime) -> list[Step]:
    return [*_foundations(site, now), *rollout(site)]


def _foundations(site: Site, now: datetime) -> list[Step]:
    """What comes before anything of ours runs: first that all that is of this host has its account."""
    return [
        Part(site),
        Accounts(site),
        Adoption(site, now),
        Confinement(site),
        Configuration(site),
        Passage(site),
        Cluster(site),
        Databases(site),
        Broker(site),
        Others(site),
    ]


def _take(site: Site, step: Step) -> None:
    things = step.missing()
    if not things:
        return
    more = ", …" if len(things) > 1 else ""
    site.tell(step.name if isinstance(step, Start) else f"{step.name} ({things[0]}{more})")
    try:
        step.make()
    except StepFailed:
        raise
    except OSError as error:
        raise of_the_system(error, step.name) from error
    except KatctlError as error:
        raise StepFailed(str(error), where=error.where or step.name, hint=error.hint, details=error.details) from error
