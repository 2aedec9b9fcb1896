"""Asking services, over real sockets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from katctl import amqp
from katctl.health import Finding, Verdict, is_well
from katctl.lines import health_json, health_prometheus, health_table
from katctl.model import Probe
from katctl.probes import Unwell, ask


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = {"/well": (200, b"all well"), "/ill": (503, b"no database")}.get(self.path, (404, b"what?"))
        self.answer(status, body)

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(200 if form == "user=me&password=s+ec%26ret" else 401, b"token")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def at(port: int, path: str, **more: object) -> Probe:
    return Probe(url=f"http://127.0.0.1:{port}{path}", **more)  # type: ignore[arg-type]


def test_a_service_is_well_when_it_answers_as_it_should(port: int) -> None:
    assert "answers 200" in ask(at(port, "/well", contains="well"), {}, "")
    assert "answers 404" in ask(at(port, "/x", status=404), {}, "")
    assert "answers 503" in ask(at(port, "/ill", status=0), {}, "")
    filled = ask(Probe(url="http://127.0.0.1:{PORT}/well"), {"PORT": str(port)}, "")
    assert filled == f"http://127.0.0.1:{port}/well answers 200"


def test_a_service_that_says_of_itself_that_it_is_well_may_say_of_others_that_they_are_not(port: int) -> None:
    assert "answers 200" in ask(at(port, "/well", contains="well", lacks="ill"), {}, "")
    with pytest.raises(Unwell, match="says 'all': all well"):
        ask(at(port, "/well", contains="well", lacks="all"), {}, "")


def test_a_service_that_keeps_something_in_each_directory_is_asked_for_each(port: int, tmp_path: Path) -> None:
    probe = at(port, "/well", contains="well", each_in=str(tmp_path), each_url=f"http://127.0.0.1:{port}/*")
    assert ask(probe, {}, "").endswith("/well answers 200")
    (tmp_path / "a file").touch()
    (tmp_path / "lost+found").mkdir()  # a disk of its own
    (tmp_path / "well").mkdir()
    assert ask(probe, {}, "").endswith("/well answers 200, and so for well")
    (tmp_path / "ill").mkdir()
    with pytest.raises(Unwell, match="/ill answers 503: no database"):
        ask(probe, {}, "")
    assert "answers 200" in ask(at(port, "/well", each_in=str(tmp_path / "elsewhere")), {}, "")


@pytest.mark.parametrize(
    ("path", "contains", "said"),
    [("/ill", "", "answers 503: no database"), ("/well", "tables", "does not say 'tables': all well")],
)
def test_a_service_that_answers_otherwise_is_unwell_and_its_words_are_told(
    port: int, path: str, contains: str, said: str
) -> None:
    with pytest.raises(Unwell, match=said):
        ask(at(port, path, contains=contains), {}, "")


def test_a_port_that_nobody_listens_on_is_unwell() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(Unwell, match=r"does not answer: .*refused"):
            ask(at(held.getsockname()[1], "/"), {}, "")


def test_settings_stand_in_for_their_names_in_url_and_form(port: int) -> None:
    probe = Probe(url="http://127.0.0.1:{PORT}/token", form=("user=NAME", "password=WORD"), contains="token")
    right = {"PORT": str(port), "NAME": "me", "WORD": "s ec&ret"}
    assert "answers 200" in ask(probe, right, "")
    with pytest.raises(Unwell, match="answers 401"):
        ask(probe, right | {"WORD": "wrong"}, "")


def broker(*answers: bytes) -> tuple[str, threading.Thread]:
    """A broker that says ``answers``, one after each thing that it hears, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as stream:
            for answer in answers:
                stream.recv(4096)
                stream.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return f"amqp://me:word@127.0.0.1:{listener.getsockname()[1]}/kat", thread


def frame(channel: int, method: tuple[int, int], arguments: bytes = b"") -> bytes:
    payload = b"".join(each.to_bytes(2, "big") for each in method) + arguments
    return b"\x01" + channel.to_bytes(2, "big") + len(payload).to_bytes(4, "big") + payload + b"\xce"


def test_a_broker_that_hangs_up_is_told() -> None:
    url, thread = broker(frame(0, amqp.START))
    with pytest.raises(amqp.Refused, match=r"closed the connection|reset by peer"):
        amqp.check_login(url)
    thread.join()


def test_a_broker_says_itself_why_it_refuses() -> None:
    refusal = (403).to_bytes(2, "big") + b"\x0eACCESS_REFUSED" + bytes(4)
    url, thread = broker(frame(0, amqp.START), frame(0, (10, 50), refusal))
    with pytest.raises(amqp.Refused, match="ACCESS_REFUSED"):
        amqp.check_login(url)
    thread.join()


def test_a_service_without_a_port_is_well_when_somebody_takes_from_its_queue() -> None:
    for consumers in (2, 0):
        declared = b"\x05notes" + (7).to_bytes(4, "big") + consumers.to_bytes(4, "big")
        tuned = frame(0, amqp.TUNE, bytes(8))
        start, opened, channel = frame(0, amqp.START), frame(0, amqp.OPEN_OK, b"\0"), frame(1, amqp.CHANNEL_OPEN_OK)
        url, thread = broker(start, tuned, opened, channel, frame(1, amqp.DECLARE_OK, declared))
        if consumers:
            assert ask(Probe(queue="notes"), {}, url) == "2 take from queue notes"
        else:
            with pytest.raises(Unwell, match="nobody takes from queue notes"):
                ask(Probe(queue="notes"), {}, url)
        thread.join()


FINDINGS = [
    Finding(module="web", subject="kat-web.service", verdict=Verdict.WELL, said="answers 200"),
    Finding(module="web", subject="database web_db", verdict=Verdict.UNWELL, said="refused"),
    Finding(module="runner", subject="kat-runner.service", verdict=Verdict.IDLE, said="inactive: there is no /x"),
]


def test_health_is_told_to_people_programs_and_prometheus() -> None:
    assert not is_well(FINDINGS)
    assert is_well([FINDINGS[0], FINDINGS[2]])
    assert health_table(FINDINGS).splitlines()[1] == "unwell  web     database web_db     refused"
    told = json.loads(health_json(FINDINGS))
    assert (told["version"], told["well"]) == (1, False)
    assert told["findings"][2]["verdict"] == "idle"
    lines = health_prometheus("kat", FINDINGS).splitlines()
    assert 'kat_healthy{module="web",subject="kat-web.service"} 1' in lines
    assert 'kat_healthy{module="web",subject="database web_db"} 0' in lines
    assert not [line for line in lines if "kat-runner" in line]
