"""PostgreSQL through psql(1): as its superuser over the local socket, or at a URL. SQL and passwords go by stdin and
environment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from katctl import packages, process, systemd
from katctl.errors import SettingsError, ToolFailed

UNIT = "postgresql.service"
SUPERUSER = "postgres"
PLAIN = ("--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
ROUNDS = 4096
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class PostgreSQL:
    """A server; ``url`` is empty for the one on this host, which knows us by our account."""

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self) -> None:
        """Have the one on this host run, if there is one: who asks it then is told better than here why it does not."""
        if not self._url:
            with suppress(ToolFailed):
                systemd.start([UNIT])

    def ask(self, sql: str) -> str:
        """What ``sql`` answers: rows as lines, columns separated by |. Raises ToolFailed."""
        return self._call(["psql", *PLAIN], "postgres", stdin=sql).strip()

    def dump(self, database: str, into: Path) -> None:
        """Write ``database`` into a file in pg_dump's own format. Raises ToolFailed."""
        self._call(["pg_dump", "--no-password", "--format=custom"], database, into=into)

    def restore(self, dump: Path, database: str, role: str) -> None:
        """Fill the empty ``database`` from a dump; all of it then belongs to ``role``. Raises ToolFailed."""
        flags = ["--no-password", "--no-owner", "--no-privileges", f"--role={role}", "--exit-on-error"]
        self._call(["pg_restore", *flags, f"--dbname={database}"], database, stdin=dump)

    def replace(self, dump: Path, database: str) -> None:
        """Put a dump in place of all that our role owns in ``database``, whole or not at all. Raises ToolFailed."""
        script = dump.with_suffix(".sql")
        try:
            flags = ["--no-owner", "--no-privileges", f"--file={script}"]
            process.run(["pg_restore", *flags], stdin=dump)
            script.chmod(0o600)
            drop = "--command=DROP OWNED BY CURRENT_USER CASCADE"
            self._call(["psql", *PLAIN, "--single-transaction", drop, f"--file={script}"], database)
        finally:
            script.unlink(missing_ok=True)

    def _call(self, argv: list[str], database: str, *, stdin: str | Path = "", into: Path | None = None) -> str:
        user = None if self._url else SUPERUSER
        env = environment(self._url) | {"PGDATABASE": database}
        return process.run(argv, user=user, env=env, stdin=stdin, into=into)


def to_have_it_run() -> str:
    """What to type when the one on this host does not answer."""
    if systemd.show(UNIT, "LoadState") == "not-found":
        return packages.to_install_postgresql()
    return f"systemctl start {UNIT}; when that is not enough: journalctl -u 'postgresql*'"


def ask_as(url: str, sql: str) -> str:
    """What ``sql`` answers to who ``url`` says. Raises ToolFailed."""
    return process.run(["psql", *PLAIN], stdin=sql, env=environment(url), patience=30).strip()


def reason(error: ToolFailed) -> str:
    """Why, as libpq tells it last; lines below are its guesses."""
    lines = [line for line in (error.details or str(error)).splitlines() if not line[:1].isspace()]
    return lines[-1].removeprefix("psql: ").removeprefix("error: ")


def environment(url: str) -> dict[str, str]:
    """``url`` as the variables that libpq reads, so that no password stands in a command line."""
    if not url:
        return {}
    parts = urlsplit(url)
    found = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
        "PGCONNECT_TIMEOUT": "5",
    }
    options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    if "sslmode" in options:
        found["PGSSLMODE"] = options["sslmode"]
    return {name: value for name, value in found.items() if value}


def identifier(name: str) -> str:
    """``name`` for use in SQL as it is. Raises SettingsError when it would need quoting."""
    if IDENTIFIER.fullmatch(name) is None:
        raise SettingsError(f"{name!r} cannot be the name of a role or database", hint="lower case letters, digits, _")
    return name


def verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of ``password`` (RFC 5803), so that the password itself is in no statement and no log."""
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${ROUNDS}:{words[0]}${words[1]}:{words[2]}"
