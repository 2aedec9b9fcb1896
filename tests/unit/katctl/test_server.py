"""State, backups, complaints and errors, on a server below a directory."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katctl import doctor, health, process, settings
from katctl.cli import describe as described
from katctl.descriptors import read_product
from katctl.errors import FAMILIES, BackupError, DefinitionError, SettingsError, ToolFailed
from katctl.postgresql import environment, identifier, verifier
from katctl.rabbitmq import RabbitMQ
from katctl.state import Failure
from tests.conftest import ROOT
from tests.unit.katctl.site import describe, make_site, setting

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{half", "it cannot be read"),
        ('{"format": 1}', "it is not of format 2"),
        ('{"format": 2}', "it lacks something"),
    ],
)
@pytest.mark.parametrize("name", ["product.json", "modules.d/web.json"])
def test_a_descriptor_that_cannot_be_used_is_told_with_its_file(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    make_site(tmp_path, describe())
    path = tmp_path / "usr/lib/kat" / name
    path.write_text(content)
    with pytest.raises(DefinitionError, match=message) as caught:
        read_product(tmp_path / "usr/lib/kat")
    assert caught.value.where == str(path)


def test_what_a_newer_package_says_besides_is_no_reason_to_refuse_it(tmp_path: Path) -> None:
    site = make_site(
        tmp_path, describe(services=[{"name": "a", "description": "a", "account": "a", "health": None, "new": 1}])
    )
    assert [service.name for _, service in site.product.services] == ["a"]


def test_a_password_is_told_to_postgresql_as_what_it_would_keep_of_it() -> None:
    salt = b"0123456789abcdef"
    method, rounds, words = verifier("word", salt).split("$")
    stored, server = (b64decode(each) for each in words.split(":"))
    salted = hashlib.pbkdf2_hmac("sha256", b"word", salt, 4096)
    assert (method, b64decode(rounds.split(":")[1])) == ("SCRAM-SHA-256", salt)
    assert stored == hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    assert server == hmac.digest(salted, b"Server Key", "sha256")


def test_an_address_becomes_variables_so_that_no_password_stands_in_a_command_line() -> None:
    assert environment("postgresql://me:w%2Frd@db:5433/name?sslmode=require") == {
        "PGHOST": "db",
        "PGPORT": "5433",
        "PGUSER": "me",
        "PGPASSWORD": "w/rd",
        "PGDATABASE": "name",
        "PGCONNECT_TIMEOUT": "5",
        "PGSSLMODE": "require",
    }


def test_a_name_that_would_need_quoting_is_no_name() -> None:
    assert identifier("web_db") == "web_db"
    with pytest.raises(SettingsError, match="cannot be the name"):
        identifier('x"; DROP DATABASE y')


def test_a_broker_that_somebody_configured_is_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "etc/rabbitmq").mkdir(parents=True)
    assert not RabbitMQ(tmp_path).is_configured
    (tmp_path / "etc/rabbitmq/rabbitmq.conf").write_text("listeners.tcp.1 = 10.0.0.1:5672\n")
    assert RabbitMQ(tmp_path).is_configured


def test_health_says_of_a_database_why_it_cannot_be_reached_and_not_what_libpq_asks_about_it(tmp_path: Path) -> None:
    module = describe(database={"name": "web_db", "role": "web"}, settings=[setting("URL", fill="{database}")])
    site = make_site(tmp_path, module, web="URL=postgresql://web:word@127.0.0.1:1/web_db\n")
    (found,) = health.examine(site)
    assert (found.subject, found.verdict) == ("database web_db", health.Verdict.UNWELL)
    assert found.said == 'connection to server at "127.0.0.1", port 1 failed: Connection refused'


def complaints(root: Path, *modules: dict[str, object], **files: str) -> list[tuple[str, str]]:
    return [
        (each.said, each.hint) for each in doctor.examine(make_site(root, *modules, **files)) if each.subject != "disk"
    ]


def test_a_setting_without_a_value_and_a_name_that_nobody_knows_are_told(tmp_path: Path) -> None:
    module = describe(settings=[setting("WEB_PORT", required=True)])
    assert complaints(tmp_path, module, web="WEB_PROT=1\n") == [
        ("WEB_PORT has no value", f"set it in {tmp_path}/etc/kat/web.conf: What WEB_PORT is"),
        ("nobody told us of a setting WEB_PROT", "did you mean WEB_PORT?"),
    ]


def test_a_name_that_begins_as_one_that_stands_for_many_is_known_and_as_secret(tmp_path: Path) -> None:
    module = describe(settings=[setting("PLUGIN_", prefix=True, secret=True), setting("PORT")])
    words = "PLUGIN_KEY=word\nPROT=1\n"
    assert complaints(tmp_path, module, web=words) == [("nobody told us of a setting PROT", "did you mean PORT?")]
    site = make_site(tmp_path, module, web=words)
    shown = {value.name: value.shown for value in settings.administrators(site.product, site.product.modules[0])}
    assert shown == {"PLUGIN_KEY": "********", "PROT": "1"}


def test_data_where_no_backup_looks_and_no_service_may_write_is_told(tmp_path: Path) -> None:
    directory = {"path": "/var/lib/web", "user": "web"}
    module = describe(settings=[setting("DATA", default="/var/lib/web/")], directories=[directory])
    assert complaints(tmp_path, module, web="DATA=/srv/web\n") == [
        (
            "DATA is /srv/web, and only /var/lib/web is written to and backed up",
            f"mount --bind /srv/web /var/lib/web, in /etc/fstab, and take DATA out of {tmp_path}/etc/kat/web.conf",
        )
    ]
    assert complaints(tmp_path, module, web="DATA=/var/lib/web/below\n") == []


def test_modules_that_differ_about_a_shared_value_are_told(tmp_path: Path) -> None:
    one, two = (describe(module=name, settings=[setting("TOKEN", shared="token")]) for name in ("one", "two"))
    assert complaints(tmp_path, one, two, one="TOKEN=a\n", two="TOKEN=b\n") == [
        ("one and two differ about it", "set the same value for all, or for none")
    ]
    assert complaints(tmp_path, one, two, one="TOKEN=a\n", two="TOKEN=a\n") == []


def test_a_secret_that_others_may_read_is_told(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe())
    path = site.product.state / "secrets.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    path.chmod(0o644)
    assert complaints(tmp_path, describe()) == [("others may read it", f"chmod 600 {path}")]


def test_a_password_in_a_file_of_the_administrator_is_told_when_others_may_read_it(tmp_path: Path) -> None:
    url = "RABBITMQ_URL=amqp://me:word@mq.example.org/kat\n"
    path = tmp_path / "etc/kat/common.conf"
    assert complaints(tmp_path, describe(), common=url) == [
        ("it holds a password, and others may read it", f"chmod 640 {path}")
    ]
    path.chmod(0o640)
    assert complaints(tmp_path, describe()) == []


def test_a_broker_that_others_configured_is_told_with_what_setup_would_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nothing may listen on every address here, where no broker is installed either
    monkeypatch.setattr(doctor, "_listening", lambda: {(5672, False), (25672, True), (8000, True)})
    monkeypatch.setattr(doctor, "surroundings", lambda _: ())
    assert complaints(tmp_path, describe(queue=True)) == [
        ("its distribution listens on every address, port 25672", "bind it to 127.0.0.1, or use a firewall"),
        ("localhost:5672: Connection refused", "katctl setup; it starts what does not run, and says where it stops"),
    ]
    assert complaints(tmp_path, describe()) == []


def test_what_did_not_end_is_told_with_how_it_goes_on(tmp_path: Path) -> None:
    memory = make_site(tmp_path, describe()).memory
    memory.change(restoring="/x.tar", failure=Failure(step="databases", message="it cannot be made", hint="do this"))
    assert complaints(tmp_path, describe()) == [
        ("it did not reach its end", "katctl restore /x.tar"),
        ("it cannot be made", "do this"),
    ]


def test_a_program_that_fails_hangs_or_is_not_there_is_told_in_its_own_words() -> None:
    with pytest.raises(ToolFailed, match=r"sh failed \(3\)") as caught:
        process.run(["sh", "-c", "echo why >&2; exit 3"])
    assert caught.value.details == "why"
    with pytest.raises(ToolFailed, match="nothing-like-it is not installed"):
        process.run(["nothing-like-it"])
    with pytest.raises(ToolFailed, match="sleep did not end within 0 s"):
        process.run(["sleep", "60"], patience=0.1)
    with pytest.raises(ToolFailed, match="there is no account nobody-like-it"):
        process.run(["true"], user="nobody-like-it")


def test_a_program_inherits_nothing_and_reads_and_writes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATPKG_SIGNING_KEY", "word")
    assert "word" not in process.run(["env"])
    (tmp_path / "in").write_text("content")
    process.run(["cat"], stdin=tmp_path / "in", into=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "content"
    assert process.run(["cat"], stdin="text") == "text"


TOLD = """
import os, signal, sys
from katctl import cli, process
cli._end_in_order()
try:
    try:
        os.killpg(0, signal.SIGTERM)
    finally:
        os.killpg(0, signal.SIGTERM)
        with process.undisturbed():
            os.killpg(0, signal.SIGINT)
            print(process.run(["sh", "-c", "kill -TERM 0; echo started again"]).strip(), flush=True)
except KeyboardInterrupt:
    print("ended")
"""


def test_who_is_told_to_end_again_and_again_starts_what_it_stopped_and_ends_then() -> None:
    """As timeout(1) does it, and a service manager: all of a family are told, whatever they are at."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD], cwd=ROOT, check=False, capture_output=True, text=True, start_new_session=True
    )
    assert (done.returncode, done.stdout) == (0, "started again\nended\n"), done.stderr


def test_an_error_says_what_where_and_what_to_do() -> None:
    error = BackupError("it is damaged", where="/x.tar", hint="take another", details="one\ntwo")
    assert described(error).splitlines() == [
        "error: it is damaged",
        "   in: /x.tar",
        " hint: take another",
        "     | one",
        "     | two",
    ]


def test_each_family_of_errors_has_an_exit_code_that_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/katctl.md").read_text()
    codes = [family.exit_code for family in FAMILIES]
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2} & set(codes)
    for family in FAMILIES:
        assert f"| {family.exit_code} | {family.__name__} |" in page
