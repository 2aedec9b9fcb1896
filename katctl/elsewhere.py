"""PostgreSQL and RabbitMQ that somebody else looks after: what they lack, in words that their administrator can use."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from katctl import amqp
from katctl.ownership import give_all
from katctl.postgresql import identifier, verifier

Wanted = tuple[str, str, str]
"""A database, the role that owns it, and the role's password."""


def databases_sql(wanted: Iterable[Wanted]) -> str:
    """What makes databases and roles, for psql(1); what is there already is put right. Holds no password."""
    return "\n".join(_database_sql(*each) for each in wanted)


def _database_sql(name: str, role: str, password: str) -> str:
    identifier(name)
    identifier(role)
    create = f"CREATE DATABASE {name} OWNER {role} ENCODING ''UTF8'' TEMPLATE template0"
    return f"""\
SELECT 'CREATE ROLE {role}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec
ALTER ROLE {role} LOGIN PASSWORD '{verifier(password)}';
GRANT {role} TO current_user;
SELECT '{create}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec
\\connect {name}
{give_all(role)}
ALTER DATABASE {name} OWNER TO {role};
REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC;
"""  # noqa: S608


def broker_refusal(url: str) -> tuple[str, str] | None:
    """Why the broker at ``url`` is of no use, and what its administrator has to do; none when it is fine."""
    try:
        amqp.check_login(url)
        amqp.check_rights(url)
    except amqp.Refused as error:
        return str(error), _broker_hint(url, str(error))
    return None


def _broker_hint(url: str, said: str) -> str:
    parts = urlsplit(url)
    user, vhost = unquote(parts.username or "guest"), unquote(parts.path[1:]) or "/"
    rights = f"rabbitmqctl set_permissions -p {vhost} {user} '.*' '.*' '.*'"
    if "not found" in said:
        return f"there: rabbitmqctl add_vhost {vhost} && {rights}"
    if "Login was refused" in said:
        return f"there: rabbitmqctl add_user {user}, which asks for the password, or change_password; then {rights}"
    if "refused for user" in said:
        return f"there: {rights}"
    return f"look whether it runs on {parts.hostname}, listens on that address, and whether a firewall lets us through"
