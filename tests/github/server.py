"""GitHub on loopback: an API that holds both sides to GitHub's own description, and a storage on another host."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.github.contract import check_answer, check_request
from tests.github.line import Line
from tests.github.routes import Question, Reply, answer, refuse
from tests.github.world import API, Stored, World

PIECE = 1 << 18
MINUTE = 60.0
"""How long the address that storage is asked at is good for."""


@dataclass(slots=True, kw_only=True)
class Heard:
    """A request that came by, and what was answered."""

    host: str
    target: str
    headers: dict[str, str]
    status: int = 0


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next ``times`` requests that have ``key`` in their path."""

    key: str
    happen: Callable[[Reply], Reply]
    times: int


@dataclass(slots=True, kw_only=True)
class Flaw:
    """What is wrong with what storage hands out: it ends after ``upto`` bytes, or other bytes come, or an error."""

    times: int
    upto: int | None = None
    content: bytes | None = None
    status: int | None = None
    honest: bool = False
    """Whether the length that is told is that of what comes."""


class GitHub:
    """The API at ``api``, and storage at another port. ``world`` is what is there; ``now`` its clock."""

    def __init__(self, world: World, *, port: int = 0, latency: float = 0.0, checked: bool = True) -> None:
        self.world = world
        self.latency = latency
        self.checked = checked
        self.now: Callable[[], float] = time.time
        self.heard: list[Heard] = []
        self.broken: list[BaseException] = []
        """Every breach of the contract, by either side."""
        self.faults: list[Fault] = []
        self.flaws: list[Flaw] = []
        self.wears_off = MINUTE
        self.tickets: dict[str, tuple[Stored, float]] = {}
        self.files: dict[str, Stored] = {}
        """What anybody may have, by its path."""
        self.ranges = True
        self.line = Line()
        """What storage hands out goes over it."""
        self.circle = False
        """Whether storage sends on to itself."""
        self._port = port
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        github = self

        class Api(_Handler):
            def do_GET(self) -> None:
                github._api(self)

            def do_POST(self) -> None:
                """GraphQL, by which gh asks for drafts beside: there is none."""
                self.rfile.read(int(self.headers["Content-Length"]))
                self.reply(Heard(host="graphql", target="", headers={}), 200, {}, b'{"data": {"repository": null}}')

        class Storage(_Handler):
            def do_GET(self) -> None:
                github._storage(self)

            def do_HEAD(self) -> None:
                github._storage(self)

        self._servers = [_Server(("127.0.0.1", self._port), Api), _Server(("127.0.0.1", 0), Storage)]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def storage(self) -> str:
        """Where storage is: another host, as far as credentials are concerned."""
        return f"http://127.0.0.1:{self._servers[1].server_address[1]}"

    def fail(self, key: str, status: int, message: str = "no", times: int = 1, **headers: str) -> None:
        """Refuse the next ``times`` requests with ``key`` in their path."""
        self.change(key, lambda _: refuse(status, message, **headers), times)

    def change(self, key: str, happen: Callable[[Reply], Reply], times: int = 1) -> None:
        """Have something else happen to the next ``times`` requests with ``key`` in their path."""
        self.faults.append(Fault(key=key, happen=happen, times=times))

    def count(self, key: str) -> int:
        """How many requests had ``key`` in their path."""
        return sum(key in heard.target for heard in self.heard)

    def put(self, stored: Stored) -> str:
        """The address of something in storage, for a minute."""
        ticket = secrets.token_hex(8)
        with self._lock:
            self.tickets[ticket] = (stored, self.now() + self.wears_off)
        return f"{self.storage}/{ticket}?sig=signature-{ticket}"

    def _api(self, handler: _Handler) -> None:
        heard = self._hear(handler, "api")
        authorization = heard.headers.get("authorization", "")
        question = Question(
            target=re.sub(r"^/api/v3(?=/)", "", heard.target),
            token=authorization.partition(" ")[2] or None,
            headers=heard.headers,
            base=self._base(heard),
        )
        self._check(lambda: check_request(question.target, heard.headers))
        reply = answer(self.world, question)
        if fault := self._strikes(question.target):
            reply = fault.happen(reply)
        self._send(handler, heard, question, reply)

    def _base(self, heard: Heard) -> str:
        return f"http://{heard.headers['host']}" + ("/api/v3" if heard.target.startswith("/api/v3/") else "")

    def _send(self, handler: _Handler, heard: Heard, question: Question, reply: Reply) -> None:
        body = b"" if reply.body is None else json.dumps(reply.body).replace(API, question.base).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4999",
            "x-ratelimit-reset": str(int(self.now()) + 3600),
            **reply.headers,
        }
        if reply.stored is not None:
            headers["location"] = self.put(self._stored(reply.stored))
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if reply.status == 200:
            headers["etag"] = tag
        if reply.status == 200 and heard.headers.get("if-none-match") == tag:
            handler.reply(heard, 304, {"etag": tag}, b"")
            return
        self._check(lambda: check_answer(question.target, reply.status, headers, body))
        handler.reply(heard, reply.status, headers, body)

    def _storage(self, handler: _Handler) -> None:
        heard = self._hear(handler, "storage")
        if "authorization" in heard.headers:  # as Azure does
            handler.reply(heard, 400, {}, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>")
            return
        if self.circle:
            handler.reply(heard, 302, {"location": f"{heard.target}x"}, b"")
            return
        if "?" not in heard.target:
            if heard.target in self.files:
                self._hand_out(handler, heard, self.files[heard.target])
            else:
                handler.reply(heard, 404, {}, b"<html>not found</html>")
            return
        ticket = urlsplit(heard.target).path.strip("/")
        stored, until = self.tickets.get(ticket, (None, 0.0))
        signature = parse_qs(urlsplit(heard.target).query).get("sig")
        if stored is None or signature != [f"signature-{ticket}"] or self.now() > until:
            handler.reply(heard, 403, {}, b"<Error><Code>AuthenticationFailed</Code></Error>")
            return
        self._hand_out(handler, heard, stored)

    def _hand_out(self, handler: _Handler, heard: Heard, stored: Stored) -> None:
        flaw = self._flaw()
        content = flaw.content if flaw and flaw.content is not None else stored.content
        if flaw and flaw.status:
            handler.reply(heard, flaw.status, {}, b"<Error/>")
            return
        headers = {"Content-Type": stored.kind, "Last-Modified": "Sun, 01 Nov 2026 12:00:00 GMT"}
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", heard.headers.get("range", ""))
        if asked and self.ranges:
            start, status = int(asked[1]), 206
            if start >= len(content):
                handler.reply(heard, 416, {"Content-Range": f"bytes */{len(content)}"}, b"")
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        upto = flaw.upto if flaw and flaw.upto is not None else len(content)
        handler.line = self.line
        handler.reply(heard, status, headers, content, start=start, upto=upto, honest=bool(flaw and flaw.honest))

    def _stored(self, number: int) -> Stored:
        return next(each.stored[number] for each in self.world.repositories.values() if number in each.stored)

    def _hear(self, handler: _Handler, host: str) -> Heard:
        time.sleep(self.latency)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        heard = Heard(host=host, target=handler.path, headers=headers)
        self.heard.append(heard)
        return heard

    def _strikes(self, target: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times and fault.key in target:
                    fault.times -= 1
                    return fault
        return None

    def _flaw(self) -> Flaw | None:
        with self._lock:
            for flaw in self.flaws:
                if flaw.times:
                    flaw.times -= 1
                    return flaw
        return None

    def _check(self, check: Callable[[], None]) -> None:
        if self.checked:
            try:
                check()
            except Exception as error:  # noqa: BLE001  # whatever it is, a test shall say it
                self.broken.append(error)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0
    disable_nagle_algorithm = True
    line = Line()

    def reply(
        self,
        heard: Heard,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        start: int = 0,
        upto: int | None = None,
        honest: bool = True,
    ) -> None:
        """Send ``body`` from ``start`` to ``upto``; when less than all, and not honest about it, hang up then."""
        end = len(body) if upto is None else upto
        length = len(body) - start if not honest else max(end - start, 0)
        heard.status = status
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for at in range(start, end, PIECE):
                self.line.carry(min(PIECE, end - at))
                self.wfile.write(memoryview(body)[at : min(at + PIECE, end)])
            if end < len(body) and not honest:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Whoever hung up early need not be told of."""
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
