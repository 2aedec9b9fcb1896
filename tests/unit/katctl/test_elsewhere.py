"""Databases and a broker that somebody else looks after."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from katctl import doctor
from katctl.databases import Databases, with_data
from katctl.elsewhere import broker_refusal, databases_sql
from katctl.errors import SettingsError, StepFailed
from katctl.probes import unreachable
from katctl.surroundings import SPARE, connections
from tests.unit.katctl.site import describe, make_site, setting

STORE = describe(
    module="store",
    database={"name": "store_db", "role": "store", "connections": 30},
    settings=[setting("DB", fill="{database}", secret=True)],
    migrations=[{"name": "rows", "exec": "/bin/true", "user": "root"}],
)


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that nobody listens on; it is held, so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_what_an_administrator_of_postgresql_is_to_run_holds_no_password() -> None:
    sql = databases_sql([("store_db", "store", "word")])
    assert "ALTER ROLE store LOGIN PASSWORD 'SCRAM-SHA-256$4096:" in sql
    assert "word" not in sql.lower().replace("password", "")
    with pytest.raises(SettingsError, match="cannot be the name"):
        databases_sql([("store_db; DROP DATABASE other", "store", "word")])


def test_who_gives_no_administrator_of_postgresql_is_told_what_to_have_done(nobody: int, tmp_path: Path) -> None:
    site = make_site(tmp_path, STORE, common=f"POSTGRESQL_URL=postgresql://127.0.0.1:{nobody}\n")
    assert not site.answers.makes_databases
    step = Databases(site)
    assert "Connection refused" in step.missing()[0]
    with pytest.raises(StepFailed, match="PostgreSQL has no database store_db that is store's own") as caught:
        step.make()
    path = tmp_path / "var/lib/kat/databases.sql"
    assert f"an administrator of PostgreSQL on 127.0.0.1 runs: psql --file {path}" in (caught.value.hint or "")
    assert "CREATE DATABASE store_db OWNER store" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert site.memory.state.databases == ()


def test_a_database_that_somebody_else_made_is_backed_up_once_it_was_migrated(tmp_path: Path) -> None:
    site = make_site(tmp_path, STORE, common="POSTGRESQL_URL=postgresql://db.example.org\n")
    assert with_data(site) == []
    site.memory.change(migrated={"store: rows": "1"})
    assert [module.name for module, _ in with_data(site)] == ["store"]


def test_a_broker_that_does_not_answer_is_told_with_where_to_look(nobody: int) -> None:
    said, hint = broker_refusal(f"amqp://me:word@127.0.0.1:{nobody}/kat") or ("", "")
    assert "Connection refused" in said
    assert hint.startswith("look whether it runs on 127.0.0.1")
    assert "word" not in said + hint


def test_preflight_tells_what_does_not_answer_and_changes_nothing(nobody: int, tmp_path: Path) -> None:
    urls = f"POSTGRESQL_URL=postgresql://127.0.0.1:{nobody}\nRABBITMQ_URL=amqp://me:word@127.0.0.1:{nobody}/kat\n"
    site = make_site(tmp_path, STORE | {"queue": True}, common=urls)
    found = {each.subject: each for each in doctor.preflight(site)}
    assert f"127.0.0.1:{nobody}: Connection refused" in found["PostgreSQL"].said
    assert "Connection refused" in found["RabbitMQ"].said
    assert not (tmp_path / "var/lib/kat/databases.sql").exists()


def test_who_answers_is_reachable(nobody: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert unreachable("127.0.0.1", listener.getsockname()[1]) == ""
    assert unreachable("127.0.0.1", nobody) == f"127.0.0.1:{nobody}: Connection refused"


def test_the_connections_of_all_modules_are_added_up_with_some_to_spare(tmp_path: Path) -> None:
    other = describe(module="other", database={"name": "other_db", "role": "other", "connections": 12})
    assert connections(make_site(tmp_path, STORE, other)) == 30 + 12 + SPARE
