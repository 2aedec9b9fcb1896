"""The PostgreSQL of this host: that it runs, and takes as many connections as the modules open."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from katctl import files, systemd
from katctl.errors import StepFailed, ToolFailed
from katctl.hosts import POSTGRESQL, Hosts, numbers_of
from katctl.postgresql import UNIT, reason, to_have_it_run
from katctl.rabbitmq import ONLINE
from katctl.site import Site
from katctl.surroundings import connections

OTHERS = """
SELECT coalesce((
    SELECT setting FROM pg_file_settings WHERE name = 'max_connections' AND sourcefile <> '{ours}'
    ORDER BY seqno DESC LIMIT 1
), '100');
"""
"""What max_connections would be without our file."""


BEGIN, END = "# written by katctl: the roles of other hosts", "# end of what katctl wrote"
BLOCK = re.compile(rf"\n?{BEGIN}\n.*?{END}\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Its configuration, in a file of our own beside its administrator's, and whom it lets in from other hosts."""

    site: Site
    name: str = "PostgreSQL"

    def missing(self) -> list[str]:
        """Whether it runs, and with what it needs."""
        if not self._is_ours:
            return []
        try:
            return [str(path) for path in files.stale(self._wanted())]
        except ToolFailed as error:
            return [reason(error)]

    def make(self) -> None:
        """Write the files, and restart it. Raises StepFailed."""
        if not self._is_ours:
            return
        self.site.postgresql.start()
        try:
            changed = files.stale(self._wanted())
            for path, text in changed.items():
                _replace(path, text)
            if changed:
                systemd.reload()
                systemd.restart([UNIT])
        except ToolFailed as error:
            product = self.site.product
            file = product.administrator_file(product.module)
            raise StepFailed(
                "PostgreSQL does not run",
                where=self.name,
                hint=f"{to_have_it_run()}, or set POSTGRESQL_URL in {file}",
                details=error.details or str(error),
            ) from error

    @property
    def _is_ours(self) -> bool:
        return self.site.needs_database and not self.site.answers.postgresql

    def _wanted(self) -> Iterator[tuple[Path, str]]:
        site = self.site
        configuration, access = (Path(each) for each in site.postgresql.ask("SHOW config_file; SHOW hba_file;").split())
        path = configuration.parent / "conf.d" / f"{site.product.name}.conf"
        address = site.hosts.served(POSTGRESQL)
        yield path, self._configuration(path, address)
        others = BLOCK.sub("", files.read(access))
        block = "\n".join([BEGIN, *access_of(site.hosts), END])
        yield access, f"{others}\n{block}\n" if address else others
        unit = site.product.root / "etc/systemd/system/postgresql@.service.d/online.conf"
        yield unit, ONLINE if address else ""

    def _configuration(self, path: Path, address: str) -> str:
        wanted = connections(self.site)
        enough = wanted <= int(self.site.postgresql.ask(OTHERS.format(ours=path)))
        lines = [] if enough else [f"max_connections = {wanted}"]
        lines += [f"listen_addresses = 'localhost, {address}'"] if address else []
        return "\n".join(["# written by katctl", *lines, ""]) if lines else ""


def access_of(hosts: Hosts) -> Iterator[str]:
    """Lines of pg_hba.conf(5): each role from the hosts that run its module, to its own database."""
    for role in hosts.product.roles:
        place = hosts.places.get(role.key, "")
        if not place or role.key in hosts.here:
            continue
        for module in hosts.product.known:
            if module.database and module.name in role.modules:
                for number in numbers_of([place]):
                    width = 128 if ":" in number else 32
                    yield f"host {module.database.name} {module.database.role} {number}/{width} scram-sha-256"


def _replace(path: Path, text: str) -> None:
    """With the owner and mode that it has; a new one is for all to read. Without text it goes."""
    before = path.stat() if path.exists() else None
    files.put(path, text, mode=before.st_mode & 0o777 if before else 0o644)
    if before and text:
        os.chown(path, before.st_uid, before.st_gid)
