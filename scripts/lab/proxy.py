"""A proxy on loopback before an S3 server that goes wrong on demand, in the ways that real stores and networks do.

with FaultProxy(server.endpoint) as proxy:
    proxy.fail("reset-after", nth=3, method="PUT")     # the third PUT is carried out, and its answer is lost
    proxy.fail("if-match-ignored", times=None)         # from now on, always
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

from scripts.lab.faults import FAULTS, BrokenConnection, Fault, Forward, Reply, Request

HOP = {"connection", "keep-alive", "transfer-encoding", "expect"}
"""Headers that are about one connection."""


@dataclass(slots=True, kw_only=True)
class _Rule:
    name: str
    fault: Fault
    nth: int
    times: int | None
    method: str | None
    key: str
    seen: int = 0

    def strikes(self, request: Request) -> bool:
        if (self.method and request.method != self.method) or self.key not in request.path:
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


class FaultProxy:
    """Forwards to ``upstream`` and records what came by. Without faults it changes nothing.

    ``latency`` is added to every request, in seconds; ``peak`` is the most that were under way at once.
    """

    def __init__(self, upstream: str, *, latency: float = 0.0) -> None:
        self._upstream = urlsplit(upstream)
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._in_flight = 0
        self.closing = threading.Event()
        self.latency = latency
        self.requests: list[Request] = []
        self.peak = 0

    def __enter__(self) -> Self:
        proxy = self

        class Handler(_Handler):
            def answer(self) -> None:
                proxy._handle(self)

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(
        self, how: str | Fault, *, nth: int = 1, times: int | None = 1, method: str | None = None, key: str = ""
    ) -> None:
        """Have the ``nth`` matching request from now on, and the ``times`` - 1 after it (None: all), go wrong.

        ``how`` is a fault, or the name of one of FAULTS; ``key`` is a part of the path. Where several match, the first
        that was set strikes.
        """
        name, fault = (how, FAULTS[how]) if isinstance(how, str) else ("another", how)
        with self._lock:
            self._rules.append(_Rule(name=name, fault=fault, nth=nth, times=times, method=method, key=key))

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._rules.clear()

    def count(self, method: str | None = None, key: str = "") -> int:
        """How many requests came by."""
        return sum((not method or request.method == method) and key in request.path for request in self.requests)

    def _handle(self, handler: _Handler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        url = urlsplit(handler.path)
        with self._lock:
            self._in_flight += 1
            self.peak = max(self.peak, self._in_flight)
            request = Request(
                number=len(self.requests) + 1,
                method=handler.command,
                path=unquote(url.path),
                query=url.query,
                headers={name.lower(): value for name, value in handler.headers.items()},
                body=b"",
            )
            self.requests.append(request)
            striking = [rule for rule in self._rules if rule.strikes(request)]
        try:
            request.body = handler.rfile.read(length)
            self._answer(handler, request, striking[0] if striking else None)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answer(self, handler: _Handler, request: Request, rule: _Rule | None) -> None:
        time.sleep(self.latency)
        forward = self._forwarder(handler.path)
        try:
            if rule is None:
                reply = forward(request)
            else:
                request.fault = rule.name
                reply = rule.fault(request, forward, self.closing)
        except BrokenConnection as broken:
            if broken.begun is None:
                handler.reset()
            else:
                handler.send(broken.begun, upto=len(broken.begun.body) // 2)
                handler.close_connection = True
            return
        request.status = reply.status
        handler.send(reply)

    def _forwarder(self, target: str) -> Forward:
        def forward(request: Request) -> Reply:
            connection = http.client.HTTPConnection(self._upstream.netloc, timeout=60)
            try:
                headers = {name: value for name, value in request.headers.items() if name not in HOP}
                connection.request(request.method, target, request.body, headers)
                request.forwarded = True
                answer = connection.getresponse()
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
                return Reply(status=answer.status, headers=kept, body=answer.read())
            finally:
                connection.close()

        return forward


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle, as those do that see a fault, is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def send(self, reply: Reply, upto: int | None = None) -> None:
        self.send_response_only(reply.status)
        names = {name.lower() for name, _ in reply.headers}
        for name, value in reply.headers:
            self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[:upto])

    def reset(self) -> None:
        """End the connection as a machine does that loses power and comes back: the peer sees a reset."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for each in (self.connection, self.rfile, self.wfile):
                each.close()
        self.wfile = io.BytesIO()  # which is flushed when we return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
