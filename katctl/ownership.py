"""What is in a database and is not its role's: restored, or made, by somebody else."""

from __future__ import annotations

SPACES = "(SELECT oid AS space FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') AS spaces"

NOT_OF = """NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = '{catalog}'::regclass AND objid = each.oid AND deptype IN ({how})
)"""

STRANGE = f"""
    SELECT 'SCHEMA ' || space::regnamespace AS thing FROM {SPACES} JOIN pg_namespace AS each ON each.oid = space
    WHERE pg_get_userbyid(nspowner) NOT IN ('{{role}}', 'pg_database_owner')
        AND {NOT_OF.format(catalog="pg_namespace", how="'e'")}
    UNION ALL
    SELECT 'TABLE ' || each.oid::regclass FROM pg_class AS each JOIN {SPACES} ON relnamespace = space
    WHERE pg_get_userbyid(relowner) <> '{{role}}' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND {NOT_OF.format(catalog="pg_class", how="'e', 'a', 'i'")}
    UNION ALL
    SELECT 'ROUTINE ' || each.oid::regprocedure FROM pg_proc AS each JOIN {SPACES} ON pronamespace = space
    WHERE pg_get_userbyid(proowner) <> '{{role}}' AND {NOT_OF.format(catalog="pg_proc", how="'e'")}
    UNION ALL
    SELECT 'TYPE ' || each.oid::regtype FROM pg_type AS each JOIN {SPACES} ON typnamespace = space
    WHERE pg_get_userbyid(typowner) <> '{{role}}' AND {NOT_OF.format(catalog="pg_type", how="'e', 'i'")}
        AND (typtype IN ('e', 'd', 'r')
            OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = each.typrelid) = 'c')
"""  # noqa: S608
"""Things as ALTER names them. What belongs to an extension stays with it, and what belongs to a table goes with it."""


def owns_all(role: str) -> str:
    """SQL that answers t when the database it is asked in, and all in it, is the role's."""
    return (
        f"SELECT pg_get_userbyid(datdba) = '{role}' AND NOT EXISTS ({STRANGE.format(role=role)}) "  # noqa: S608
        "FROM pg_database WHERE datname = current_database();"
    )


def give_all(role: str) -> str:
    """SQL that makes it so, but for the database itself."""
    return (
        f"DO $do$ DECLARE strange text; BEGIN FOR strange IN {STRANGE.format(role=role)} "
        f"LOOP EXECUTE 'ALTER ' || strange || ' OWNER TO {role}'; END LOOP; END $do$;"
    )
