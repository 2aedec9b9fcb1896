"""What settings of an older package become."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path

import pytest

from katctl.errors import SettingsError
from katctl.legacy import is_same, lost, said_before, take_over
from katctl.site import Site
from tests.unit.katctl.site import describe, make_site, setting

WEB = describe(
    database={"name": "web_db", "role": "web"},
    queue=True,
    settings=[
        setting("DB", fill="{database}", secret=True, was="postgresql://{DB_USER}:{DB_WORD}@{DB_HOST}:{DB_PORT}/{DB_NAME}"),
        setting("DB_USER", default="web"),
        setting("DB_WORD", secret=True),
        setting("DB_HOST", default="localhost"),
        setting("DB_PORT", default="5432"),
        setting("DB_NAME", default="web_db"),
        setting("QUEUE", fill="{queue}", secret=True),
        setting("KEY", fill="{secret}", secret=True, was="{OLD_KEY}"),
        setting("URL", fill="https://{host}/", default="http://localhost/"),
        setting("PORT", default="80"),
    ],
)  # fmt: skip


def secrets_of(root: Path) -> dict[str, str]:
    path = root / "var/lib/kat/secrets.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


def taken(root: Path, said: dict[str, str], **files: str) -> dict[str, str]:
    site = make_site(root, WEB, **files)
    return take_over(site, site.product.modules[0], said)


def test_secrets_are_kept_and_generated_from_then_on(tmp_path: Path) -> None:
    said = {"DB": "postgres://web:a%40b@127.0.0.1/web_db", "QUEUE": "amqp://kat:word@/kat", "KEY": "old key"}
    assert taken(tmp_path, said) == {}
    assert secrets_of(tmp_path) == {"role web": "a@b", "broker": "word", "web KEY": "old key"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://web:word@db.example.org/web_db",
        "postgresql://web:word@localhost:5433/web_db",
        "postgresql://web:word@localhost/another",
        "postgresql://me:word@localhost/web_db",
        "postgresql://web:word@localhost/web_db?sslmode=require",
        "postgresql://web@localhost/web_db",
        "postgresql://web:word@localhost:none/web_db",
        "host=localhost dbname=web_db",
    ],
)
def test_a_database_that_is_not_where_ours_would_be_stays_the_administrators(url: str, tmp_path: Path) -> None:
    assert taken(tmp_path, {"DB": url}) == {"DB": url}
    assert secrets_of(tmp_path)["role web"] != "word"


def test_where_database_and_broker_are_elsewhere_urls_stay_the_administrators(tmp_path: Path) -> None:
    said = {"DB": "postgresql://web:word@localhost/web_db", "QUEUE": "amqp://kat:word@localhost/kat"}
    elsewhere = "POSTGRESQL_URL=postgresql://boss:b@db.example.org/\nRABBITMQ_URL=amqp://me:m@mq.example.org/v\n"
    assert taken(tmp_path, said, common=elsewhere) == said


def test_what_is_empty_or_shipped_need_not_be_said_and_all_else_is(tmp_path: Path) -> None:
    said = {"DB": "", "KEY": "", "URL": "", "PORT": "80", "OLD_KEY": "", "OTHER": "two words"}
    assert taken(tmp_path, said) == {"URL": "", "OTHER": "two words"}
    assert taken(tmp_path, {"PORT": "81", "URL": "https://x/"}) == {"PORT": "81", "URL": "https://x/"}


def test_a_value_that_was_said_by_way_of_others_is_put_together(tmp_path: Path) -> None:
    assert taken(tmp_path, {"DB_WORD": "a/b", "DB_HOST": "localhost", "OLD_KEY": "old"}) == {}
    assert secrets_of(tmp_path) | {"broker": ""} == {"role web": "a/b", "web KEY": "old", "broker": ""}


def test_a_database_elsewhere_that_was_said_by_way_of_others_is_not_lost(tmp_path: Path) -> None:
    left = taken(tmp_path, {"DB_WORD": "word", "DB_HOST": "db.example.org"})
    assert left == {"DB": "postgresql://web:word@db.example.org:5432/web_db"}


def test_a_secret_that_others_know_differently_stays_the_administrators(tmp_path: Path) -> None:
    site = make_site(tmp_path, WEB)
    site.secrets.adopt("web KEY", "known")
    assert take_over(site, site.product.modules[0], {"KEY": "another"}) == {"KEY": "another"}
    assert secrets_of(tmp_path)["web KEY"] == "known"


def test_urls_are_the_same_when_they_lead_to_the_same() -> None:
    assert is_same("postgres://a:b@127.0.0.1/c", "postgresql://a:b@localhost:5432/c")
    assert not is_same("postgres://a:b@127.0.0.1/c", "postgresql://a:x@localhost:5432/c")
    assert is_same("plain", "plain")
    assert not is_same("plain", "postgresql://a:b@localhost/c")


def aside(root: Path, **files: str) -> Site:
    """A site whose web has put ``files`` aside, by their names in /etc with _ for /, as dpkg knew them empty."""
    directory = root / "var/lib/kat/aside/kat-web"
    listed = ""
    for name, text in files.items():
        path = directory / "etc" / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        listed += f"{md5(b'', usedforsecurity=False).hexdigest()} /etc/{name.replace('_', '/')}\n"
    (directory / "adopted").write_text(listed)
    return make_site(root, WEB)


def test_of_its_own_file_all_is_read_and_of_others_what_the_module_knows(tmp_path: Path) -> None:
    site = aside(tmp_path, **{"kat_web.conf": "OTHER=1\nPORT=81\n", "default_web": "KEY=k\nX=1\nif y; then\n"})
    assert said_before(site.product, site.product.modules[0]) == {"OTHER": "1", "PORT": "81", "KEY": "k"}


def test_a_line_of_its_own_file_that_is_none_is_told_and_nothing_is_taken_over(tmp_path: Path) -> None:
    site = aside(tmp_path, **{"kat_web.conf": "KEY=k\nexport PORT\n"})
    with pytest.raises(SettingsError, match="that is no NAME=value") as caught:
        said_before(site.product, site.product.modules[0])
    assert caught.value.where == f"{tmp_path}/var/lib/kat/aside/kat-web/etc/kat/web.conf:2"
    assert secrets_of(tmp_path) == {}


def test_edited_files_that_nothing_reads_are_told_until_they_are_gone(tmp_path: Path) -> None:
    files = {"kat_web.conf": "PORT=81\n", "kat_log.json": "{}", "kat_same.json": "", "default_web": "PORT=1"}
    site = aside(tmp_path, **files)
    (module,) = site.product.modules
    (edited,) = lost(site.product, module)
    assert edited == tmp_path / "var/lib/kat/aside/kat-web/etc/kat/log.json"
    edited.unlink()
    assert list(lost(site.product, module)) == []
