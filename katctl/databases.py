"""The modules' databases: whose they are, and the step that makes those that are ours to make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from katctl import files, settings
from katctl.elsewhere import Wanted, databases_sql
from katctl.errors import StepFailed, ToolFailed
from katctl.health import url_of
from katctl.hosts import FILE, POSTGRESQL
from katctl.model import Database, Module
from katctl.ownership import owns_all
from katctl.postgresql import PostgreSQL, ask_as, environment, identifier, reason, to_have_it_run
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


def with_data(site: Site) -> list[tuple[Module, Database]]:
    """The modules whose database is there: made here, or the administrator's."""
    modules = [module for module in site.product.modules if module.is_home]
    return [(each, each.database) for each in modules if each.database and _has_data(site, each, each.database)]


def _has_data(site: Site, module: Module, database: Database) -> bool:
    if database.key in site.memory.state.databases or is_the_administrators(site, module):
        return True
    # somebody else made it: what was migrated is there
    migrated = [key_of(module, migration) in site.memory.state.migrated for migration in module.migrations]
    return any(migrated) or not (migrated or site.answers.makes_databases)


def database_name(site: Site, module: Module, database: Database) -> str:
    """What the module's database is called where it is."""
    if not is_the_administrators(site, module):
        return database.name
    return urlsplit(url_of(site, module, "{database}")).path.removeprefix("/") or database.name


def server_of(site: Site, module: Module, database: Database) -> PostgreSQL:
    """Who may read all of the module's database: an administrator, or its own role where we have none."""
    if is_the_administrators(site, module):
        return PostgreSQL(url_of(site, module, "{database}"))
    return site.postgresql if site.answers.makes_databases else PostgreSQL(site.derivation.database_url(database))


@dataclass(frozen=True, slots=True)
class Databases:
    """A role and a database for each module that wants one; the role owns it."""

    site: Site
    name: str = "databases"

    def missing(self) -> list[str]:
        """Databases that do not let their role in, or are not all its own."""
        return [f"database {database.name}: {why}" for database in self._ours() if (why := self._lack(database))]

    def make(self) -> None:
        """Create what is missing; give what exists to its role. Raises StepFailed, with what somebody has to do."""
        lacking = [database for database in self._ours() if self._lack(database)]
        if self.site.answers.makes_databases:
            for database in lacking:
                self._provide(database)
        for database in lacking:
            if why := self._lack(database):
                raise self._failure(database, why)

    def _ours(self) -> list[Database]:
        """Those that are not the administrator's own business."""
        modules = [module for module in self._served() if not is_the_administrators(self.site, module)]
        return [module.database for module in modules if module.database]

    def _served(self) -> Sequence[Module]:
        """Modules of other hosts, too, when their PostgreSQL is this one."""
        product = self.site.product
        return product.known if self.site.hosts.served(POSTGRESQL) else product.modules

    def _lack(self, database: Database) -> str:
        """Why its role cannot use ``database`` as its own; empty when it can."""
        sql, url = owns_all(identifier(database.role)), self.site.derivation.database_url(database)
        try:
            return "" if ask_as(url, sql) == "t" else "its role does not own it, or not all that is in it"
        except ToolFailed as error:
            return reason(error)

    def _provide(self, database: Database) -> None:
        try:
            self.site.postgresql.ask(databases_sql([self._wanted(database)]))
        except ToolFailed as error:
            raise self._failure(database, reason(error)) from error
        self.site.memory.add(databases=[database.key])

    def _wanted(self, database: Database) -> Wanted:
        password = environment(self.site.derivation.database_url(database))["PGPASSWORD"]
        return database.name, database.role, password

    def _failure(self, database: Database, why: str) -> StepFailed:
        said = f"PostgreSQL has no database {database.name} that is {database.role}'s own"
        return StepFailed(said, where=self.name, hint=self._hint(), details=why)

    def _hint(self) -> str:
        product = self.site.product
        if not self.site.answers.postgresql:
            file = product.administrator_file(product.module)
            return f"{to_have_it_run()}, or set POSTGRESQL_URL in {file}"
        if place := self.site.hosts.of_ours(POSTGRESQL):
            return f"on {place}: katctl setup, with the same {FILE}.conf"
        path = product.state / "databases.sql"
        files.write(path, databases_sql(self._wanted(database) for database in self._ours()))
        host = urlsplit(self.site.answers.postgresql).hostname
        return f"an administrator of PostgreSQL on {host} runs: psql --file {path}; its pg_hba.conf must let us in"
