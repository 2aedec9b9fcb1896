"""The PostgreSQL of this host: that it runs, and takes as many connections as the modules open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from katctl import files, process
from katctl.errors import StepFailed, ToolFailed
from katctl.postgresql import reason
from katctl.site import Site
from katctl.surroundings import connections

UNIT = "postgresql.service"
OTHERS = """
SELECT coalesce((
    SELECT setting FROM pg_file_settings WHERE name = 'max_connections' AND sourcefile <> '{ours}'
    ORDER BY seqno DESC LIMIT 1
), '100');
"""
"""What max_connections would be without our file."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Its configuration, in a file of our own beside its administrator's."""

    site: Site
    name: str = "PostgreSQL"

    def missing(self) -> list[str]:
        """Whether it runs, and with what it needs."""
        if not self._is_ours:
            return []
        try:
            path = self._path()
            return [] if files.read(path) == self._text(path) else [str(path)]
        except ToolFailed as error:
            return [reason(error)]

    def make(self) -> None:
        """Write the file, and restart it. Raises StepFailed."""
        if not self._is_ours:
            return
        process.succeeds(["systemctl", "start", UNIT])  # whose absence psql explains better
        try:
            path = self._path()
            text = self._text(path)
            if files.read(path) == text:
                return
            files.write(path, text, mode=0o644)
            process.run(["systemctl", "restart", UNIT])
        except ToolFailed as error:
            product = self.site.product
            raise StepFailed(
                "PostgreSQL does not run",
                where=self.name,
                hint=f"apt install postgresql, or set POSTGRESQL_URL in {product.administrator_file(product.module)}",
                details=error.details or str(error),
            ) from error

    @property
    def _is_ours(self) -> bool:
        return self.site.needs_database and not self.site.answers.postgresql

    def _path(self) -> Path:
        configuration = Path(self.site.postgresql.ask("SHOW config_file;"))
        return configuration.parent / "conf.d" / f"{self.site.product.name}.conf"

    def _text(self, path: Path) -> str:
        wanted = connections(self.site)
        enough = wanted <= int(self.site.postgresql.ask(OTHERS.format(ours=path)))
        lines = [] if enough else [f"max_connections = {wanted}"]
        return "\n".join(["# written by katctl", *lines, ""]) if lines else ""
