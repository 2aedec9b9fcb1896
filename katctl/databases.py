"""The modules' databases: whose they are, and the step that makes those that are ours to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from katctl import files, packages, settings
from katctl.belongings import owns_all
from katctl.elsewhere import Wanted, databases_sql
from katctl.errors import StepFailed, ToolFailed
from katctl.health import url_of
from katctl.hosts import FILE, POSTGRESQL
from katctl.model import Module
from katctl.postgresql import PostgreSQL, ask_as, environment, identifier, reason
from katctl.settings import Origin
from katctl.site import Site
from katctl.state import key_of


def is_the_administrators(site: Site, module: Module) -> bool:
    """Whether the administrator's own file says where the module's database is: then it is theirs to make."""
    values = settings.effective(site.product, module)
    names = [setting.name for setting in module.settings if "{database}" in setting.fill]
    return bool(names) and all(
        name in values and values[name].origin is Origin.ADMINISTRATOR and values[name].text for name in names
    )


def with_data(site: Site) -> list[Module]:
    """The modules whose database is there: made here, or the administrator's."""
    return [module for module in site.product.modules if module.database and module.is_home and _has_data(site, module)]


def _has_data(site: Site, module: Module) -> bool:
    assert module.database is not None  # noqa: S101
    if f"{module.database.name}/{module.database.role}" in site.memory.state.databases:
        return True
    if is_the_administrators(site, module):
        return True
    # somebody else made it: what was migrated is there
    migrated = [key_of(module, migration) in site.memory.state.migrated for migration in module.migrations]
    return any(migrated) or not (migrated or site.answers.makes_databases)


def database_name(site: Site, module: Module) -> str:
    """What the module's database is called where it is."""
    assert module.database is not None  # noqa: S101
    if not is_the_administrators(site, module):
        return module.database.name
    return urlsplit(url_of(site, module, "{database}")).path.removeprefix("/") or module.database.name


def server_of(site: Site, module: Module) -> PostgreSQL:
    """Who may read all of the module's database: an administrator, or its own role where we have none."""
    if is_the_administrators(site, module):
        return PostgreSQL(url_of(site, module, "{database}"))
    return site.postgresql if site.answers.makes_databases else PostgreSQL(site.derivation.database_url(module))


@dataclass(frozen=True, slots=True)
class Databases:
    """A role and a database for each module that wants one; the role owns it."""

    site: Site
    name: str = "databases"

    def missing(self) -> list[str]:
        """Databases that do not let their role in, or are not all its own."""
        return [
            f"database {module.database.name}: {why}"
            for module in self._modules()
            if module.database and (why := self._lack(module))
        ]

    def make(self) -> None:
        """Create what is missing; give what exists to its role. Raises StepFailed, with what somebody has to do."""
        wanted = [module for module in self._modules() if self._lack(module)]
        if wanted and self.site.answers.makes_databases:
            self._provide(wanted)
        for module in wanted:
            if why := self._lack(module):
                raise self._failure(module, why)

    def _modules(self) -> list[Module]:
        """Those whose database is not the administrator's own business."""
        return [module for module in self._served() if module.database and not is_the_administrators(self.site, module)]

    def _served(self) -> Sequence[Module]:
        """Those of other hosts, too, when their PostgreSQL is this one."""
        product = self.site.product
        return product.known if self.site.hosts.served(POSTGRESQL) else product.modules

    def _lack(self, module: Module) -> str:
        """Why the module's role cannot use its database as its own; empty when it can."""
        assert module.database is not None  # noqa: S101
        sql, url = owns_all(identifier(module.database.role)), self.site.derivation.database_url(module)
        try:
            return "" if ask_as(url, sql) == "t" else "its role does not own it, or not all that is in it"
        except ToolFailed as error:
            return reason(error)

    def _provide(self, modules: list[Module]) -> None:
        made = set(self.site.memory.state.databases)
        for module in modules:
            assert module.database is not None  # noqa: S101
            try:
                self.site.postgresql.ask(databases_sql([self._wanted(module)]))
            except ToolFailed as error:
                raise self._failure(module, reason(error)) from error
            made.add(f"{module.database.name}/{module.database.role}")
            self.site.memory.change(databases=tuple(sorted(made)))

    def _wanted(self, module: Module) -> Wanted:
        assert module.database is not None  # noqa: S101
        password = environment(self.site.derivation.database_url(module))["PGPASSWORD"]
        return module.database.name, module.database.role, password

    def _failure(self, module: Module, why: str) -> StepFailed:
        assert module.database is not None  # noqa: S101
        name, role = module.database.name, module.database.role
        return StepFailed(
            f"PostgreSQL has no database {name} that is {role}'s own", where=self.name, hint=self._hint(), details=why
        )

    def _hint(self) -> str:
        product = self.site.product
        if not self.site.answers.postgresql:
            file = product.administrator_file(product.module)
            return f"{packages.to_install_postgresql()}, or set POSTGRESQL_URL in {file}"
        if place := self.site.hosts.of_ours(POSTGRESQL):
            return f"on {place}: katctl setup, with the same {FILE}.conf"
        path = product.state / "databases.sql"
        files.write(path, databases_sql(self._wanted(module) for module in self._modules()))
        host = urlsplit(self.site.answers.postgresql).hostname
        return f"an administrator of PostgreSQL on {host} runs: psql --file {path}; its pg_hba.conf must let us in"
