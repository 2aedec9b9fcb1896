"""The modules' databases: whose they are, and the step that makes those that are ours to make."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from katctl import process, settings
from katctl.errors import StepFailed, ToolFailed
from katctl.health import url_of
from katctl.model import Module
from katctl.postgresql import PostgreSQL, ask_as, environment, identifier, verifier
from katctl.settings import Origin
from katctl.site import Site


def is_the_administrators(site: Site, module: Module) -> bool:
    """Whether the administrator's own file says where the module's database is: then it is theirs to make."""
    values = settings.effective(site.product, module)
    names = [setting.name for setting in module.settings if "{database}" in setting.fill]
    return bool(names) and all(
        name in values and values[name].origin is Origin.ADMINISTRATOR and values[name].text for name in names
    )


def with_data(site: Site) -> list[Module]:
    """The modules whose database is there: made here, or the administrator's."""
    made = site.memory.state.databases
    return [
        module
        for module in site.product.modules
        if module.database
        and (f"{module.database.name}/{module.database.role}" in made or is_the_administrators(site, module))
    ]


def database_name(site: Site, module: Module) -> str:
    """What the module's database is called where it is."""
    assert module.database is not None  # noqa: S101
    if not is_the_administrators(site, module):
        return module.database.name
    return urlsplit(url_of(site, module, "{database}")).path.removeprefix("/") or module.database.name


def server_of(site: Site, module: Module) -> PostgreSQL:
    """Who may read all of the module's database."""
    return PostgreSQL(url_of(site, module, "{database}")) if is_the_administrators(site, module) else site.postgresql


@dataclass(frozen=True, slots=True)
class Databases:
    """A role and a database for each module that wants one; the role owns it."""

    site: Site
    name: str = "databases"

    def missing(self) -> list[str]:
        """Databases that do not let their role in, or are not its own."""
        return [
            f"database {module.database.name}"
            for module in self._modules()
            if module.database and not self._owns(module)
        ]

    def make(self) -> None:
        """Create what is missing; give what exists to its role."""
        if not self.site.answers.postgresql:
            process.succeeds(["systemctl", "start", "postgresql.service"])  # whose absence psql explains better
        for module in self._modules():
            if not self._owns(module):
                self._provide(module)

    def _modules(self) -> list[Module]:
        """Those whose database is not the administrator's own business."""
        return [
            module
            for module in self.site.product.modules
            if module.database and not is_the_administrators(self.site, module)
        ]

    def _owns(self, module: Module) -> bool:
        sql = "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database();"
        url = self.site.derivation.database_url(module)
        try:
            return ask_as(url, sql) == "t"
        except ToolFailed:
            return False

    def _provide(self, module: Module) -> None:
        assert module.database is not None  # noqa: S101
        name, role = identifier(module.database.name), identifier(module.database.role)
        password = environment(self.site.derivation.database_url(module))["PGPASSWORD"]
        server = self.site.postgresql
        try:
            if server.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}';") != "1":  # noqa: S608
                server.ask(f"CREATE ROLE {role};")
            server.ask(f"ALTER ROLE {role} LOGIN PASSWORD '{verifier(password)}'; GRANT {role} TO current_user;")
            if server.ask(f"SELECT 1 FROM pg_database WHERE datname = '{name}';") != "1":  # noqa: S608
                server.ask(f"CREATE DATABASE {name} OWNER {role} ENCODING 'UTF8' TEMPLATE template0;")
            server.ask(
                f"ALTER DATABASE {name} OWNER TO {role}; REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC;"
            )
        except ToolFailed as error:
            product = self.site.product
            raise StepFailed(
                f"the database {name} cannot be made",
                where=self.name,
                hint=f"apt install postgresql, or set POSTGRESQL_URL in {product.administrator_file(product.module)}",
                details=error.details or str(error),
            ) from error
        made = {*self.site.memory.state.databases, f"{name}/{role}"}
        self.site.memory.change(databases=tuple(sorted(made)))
        if not self._owns(module):
            raise StepFailed(
                f"PostgreSQL does not let {role} into {name}", where=self.name, hint="look at its pg_hba.conf"
            )
