"""What services read, and who said it."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from katctl import settings
from katctl.answers import read_answers
from katctl.errors import SettingsError
from katctl.secret import ALPHABET, LENGTH, Secrets
from katctl.settings import MASK, Origin, effective, parse, quoted
from katctl.steps import Configuration
from tests.unit.katctl.site import describe, make_site, setting

NASTY = ["plain", "two words", 'a "quote"', "$HOME", "`id`", "back\\slash", "100%", "it's", "#no comment", ""]
DATABASE = {"name": "web_db", "role": "web"}
WEB = describe(
    database=DATABASE,
    queue=True,
    settings=[
        setting("DB", fill="{database}", secret=True),
        setting("QUEUE", fill="{queue}", secret=True),
        setting("KEY", fill="{secret}", secret=True),
        setting("TOKEN", fill="{secret}", secret=True, shared="token"),
        setting("URL", fill="https://{host}/", default="http://localhost/"),
    ],
)
OTHER = describe(module="other", settings=[setting("TOKEN", fill="{secret}", secret=True, shared="token")])


@pytest.mark.parametrize("value", NASTY)
def test_what_is_written_is_read_back_by_us_and_by_a_shell(value: str, tmp_path: Path) -> None:
    line = f"VALUE={quoted(value)}\n"
    assert parse(line) == {"VALUE": value}
    (tmp_path / "env").write_text(line)
    script = f'. {tmp_path}/env; printf %s "$VALUE"'
    assert subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout == value


def test_comments_and_empty_lines_say_nothing_and_quotes_may_be_left_out() -> None:
    assert parse("# A=1\n\n; B=2\n C = x y \nD='$x'\n") == {"C": "x y", "D": "$x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [("no assignment", "that is no NAME=value"), ('A="open', "a quotation mark is open"), ("1A=x", "no NAME=value")],
)
def test_a_line_that_is_none_is_told_with_its_number(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        parse(f"# fine\n{text}\n", where="/etc/kat/web.conf")
    assert caught.value.where == "/etc/kat/web.conf:2"
    assert caught.value.hint


def test_the_administrators_words_win_over_generated_ones_and_those_over_shipped_ones(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe(settings=[setting("C", secret=True)]), web="C=mine\n")
    (tmp_path / "usr/lib/kat/web.defaults").write_text("A=shipped\nB=shipped\nC=shipped\n")
    path = site.product.generated_file("web")
    path.parent.mkdir(parents=True)
    path.write_text("B=made\nC=made\n")
    values = effective(site.product, site.product.modules[0])
    assert {name: (value.text, value.origin) for name, value in values.items()} == {
        "A": ("shipped", Origin.SHIPPED),
        "B": ("made", Origin.GENERATED),
        "C": ("mine", Origin.ADMINISTRATOR),
    }
    assert values["C"].shown == MASK
    assert values["B"].shown == "made"


def test_a_secret_is_made_once_of_letters_and_digits_and_kept_for_root_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = Secrets(path).get("web KEY")
    assert Secrets(path).get("web KEY") == made
    assert Secrets(path).get("another") != made
    assert len(made) == LENGTH
    assert set(made) <= set(ALPHABET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_only_looks_leaves_no_secret_behind(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    looking = Secrets(path, keep=False)
    assert looking.get("web KEY") == looking.get("web KEY")
    assert not path.exists()


def test_damaged_secrets_are_told_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{half")
    with pytest.raises(SettingsError, match="damaged") as caught:
        Secrets(path)
    assert "katctl restore" in (caught.value.hint or "")
    assert path.read_text() == "{half"


def generated(root: Path, module: str) -> dict[str, str]:
    return parse((root / f"var/lib/kat/config/{module}.env").read_text())


def test_every_value_is_derived_and_a_shared_one_is_the_same_for_all(tmp_path: Path) -> None:
    site = make_site(tmp_path, WEB, OTHER)
    step = Configuration(site)
    assert len(step.missing()) == 4
    step.make()
    assert step.missing() == []
    assert parse((tmp_path / "etc/kat/web.conf").read_text()) == {}
    assert stat.S_IMODE((tmp_path / "etc/kat/web.conf").stat().st_mode) == 0o640
    web = generated(tmp_path, "web")
    secrets = json.loads((tmp_path / "var/lib/kat/secrets.json").read_text())
    assert web["DB"] == f"postgresql://web:{secrets['role web']}@localhost:5432/web_db"
    assert web["QUEUE"] == f"amqp://kat:{secrets['broker']}@localhost:5672/kat"
    assert web["TOKEN"] == generated(tmp_path, "other")["TOKEN"] == secrets["shared token"]
    assert len(set(web.values())) == len(web)
    assert stat.S_IMODE((tmp_path / "var/lib/kat/config").stat().st_mode) == 0o700


def test_what_nobody_answered_is_left_to_the_shipped_value(tmp_path: Path) -> None:
    Configuration(make_site(tmp_path, WEB)).make()
    assert "URL" not in generated(tmp_path, "web")
    site = make_site(tmp_path, WEB, common="HOST_NAME=kat.example.org\n")
    assert Configuration(site).missing() == [str(site.product.generated_file("web"))]
    Configuration(site).make()
    assert generated(tmp_path, "web")["URL"] == "https://kat.example.org/"


def test_database_and_broker_may_be_elsewhere(tmp_path: Path) -> None:
    urls = "POSTGRESQL_URL=postgresql://boss:secret@db.example.org:5433/postgres?sslmode=require\n"
    urls += "RABBITMQ_URL=amqps://me:word@mq.example.org/vhost\n"
    Configuration(make_site(tmp_path, WEB, common=urls)).make()
    web = generated(tmp_path, "web")
    assert web["DB"].startswith("postgresql://web:")
    assert web["DB"].endswith("@db.example.org:5433/web_db?sslmode=require")
    assert web["QUEUE"] == "amqps://me:word@mq.example.org/vhost"


def test_an_address_that_is_none_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="POSTGRESQL_URL is no URL") as caught:
        make_site(tmp_path, WEB, common="POSTGRESQL_URL=db.example.org\n")
    assert "POSTGRESQL_URL=postgresql://USER:PASSWORD@HOST/NAME" in (caught.value.hint or "")
    assert not (tmp_path / "var/lib/kat").exists()


def test_setting_up_is_automatic_unless_somebody_says_manual(tmp_path: Path) -> None:
    assert make_site(tmp_path, WEB).answers.is_automatic
    site = make_site(tmp_path, WEB, common="SETUP=manual\n")
    assert not read_answers(site.product, site.hosts).is_automatic


def test_the_digest_of_settings_changes_with_any_of_them() -> None:
    assert settings.digest({"A": "1", "B": "2"}) == settings.digest({"B": "2", "A": "1"})
    assert settings.digest({"A": "1"}) != settings.digest({"A": "2"})
