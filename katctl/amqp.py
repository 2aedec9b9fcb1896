"""As much of AMQP 0-9-1 as it takes to prove that a broker lets us in, and that somebody takes from a queue."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

GREETING = b"AMQP\x00\x00\x09\x01"
END = 0xCE
PATIENCE = 5.0

START, START_OK, TUNE, TUNE_OK, OPEN, OPEN_OK = (10, 10), (10, 11), (10, 30), (10, 31), (10, 40), (10, 41)
CHANNEL_OPEN, CHANNEL_OPEN_OK, DECLARE, DECLARE_OK = (20, 10), (20, 11), (50, 10), (50, 11)
BIND, BIND_OK, GET, GET_EMPTY = (50, 20), (50, 21), (60, 70), (60, 72)
EXCLUSIVE_AND_GONE_WITH_US = b"\x0c"
HEARTBEAT = 8


class Refused(Exception):
    """The broker cannot be reached, or does not let us do what we asked for."""


def check_login(url: str) -> None:
    """Open the vhost of ``url`` with its credentials, and leave. Raises Refused."""
    with _connection(url):
        pass


def check_rights(url: str) -> None:
    """Configure, write and read: with a queue of our own that goes with the connection. Raises Refused."""
    with _channel(url) as connection:
        connection.send(1, DECLARE, b"\0\0" + _short("") + EXCLUSIVE_AND_GONE_WITH_US + _long(b""))
        answer = connection.expect(DECLARE_OK)
        queue = answer[: 1 + answer[0]]
        connection.send(1, BIND, b"\0\0" + queue + _short("amq.direct") + queue + b"\0" + _long(b""))
        connection.expect(BIND_OK)
        connection.send(1, GET, b"\0\0" + queue + b"\x01")
        connection.expect(GET_EMPTY)


def consumers(url: str, queue: str) -> int:
    """How many take from ``queue``. Raises Refused, also when there is no such queue."""
    with _channel(url) as connection:
        connection.send(1, DECLARE, b"\0\0" + _short(queue) + b"\x01" + _long(b""))  # passive: it must exist
        answer = connection.expect(DECLARE_OK)
        after_name = 1 + answer[0]
        return int(struct.unpack(">II", answer[after_name : after_name + 8])[1])


class Connection:
    """Frames to and from a broker."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def send(self, channel: int, method: tuple[int, int], arguments: bytes) -> None:
        """One method."""
        payload = struct.pack(">HH", *method) + arguments
        self._stream.sendall(struct.pack(">BHI", 1, channel, len(payload)) + payload + bytes([END]))

    def expect(self, method: tuple[int, int]) -> bytes:
        """The arguments of the next method, which must be ``method``. Raises Refused with the broker's words."""
        while True:
            kind, _, size = struct.unpack(">BHI", self._take(7))
            payload = self._take(size + 1)
            if kind != HEARTBEAT:
                break
        found = struct.unpack(">HH", payload[:4])
        if found == method:
            return payload[4:-1]
        length = payload[6] if len(payload) > 6 else 0  # what closes says why: a code, and a short text
        raise Refused(payload[7 : 7 + length].decode("utf-8", "replace") or f"unexpected method {found}")

    def _take(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = self._stream.recv(size - len(found))
            if not part:
                raise Refused("the broker closed the connection: wrong user, password or vhost")
            found += part
        return found


@contextmanager
def _channel(url: str) -> Iterator[Connection]:
    with _connection(url) as connection:
        connection.send(1, CHANNEL_OPEN, _short(""))
        connection.expect(CHANNEL_OPEN_OK)
        yield connection


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    parts = urlsplit(url)
    secure = parts.scheme == "amqps"
    address = (parts.hostname or "localhost", parts.port or (5671 if secure else 5672))
    try:
        with socket.create_connection(address, PATIENCE) as plain:
            stream = ssl.create_default_context().wrap_socket(plain, server_hostname=address[0]) if secure else plain
            stream.sendall(GREETING)
            connection = Connection(stream)
            _log_in(connection, unquote(parts.username or "guest"), unquote(parts.password or "guest"))
            connection.send(0, OPEN, _short(unquote(parts.path[1:]) or "/") + _short("") + b"\0")
            connection.expect(OPEN_OK)
            yield connection
    except OSError as error:
        raise Refused(f"{address[0]}:{address[1]}: {error.strerror or error}") from error


def _log_in(connection: Connection, user: str, password: str) -> None:
    connection.expect(START)
    response = f"\0{user}\0{password}".encode()
    # without that capability a broker hangs up on a wrong password, and says nothing
    ability = _short("capabilities") + b"F" + _long(_short("authentication_failure_close") + b"t\x01")
    connection.send(0, START_OK, _long(ability) + _short("PLAIN") + _long(response) + _short("en_US"))
    limits = connection.expect(TUNE)
    connection.send(0, TUNE_OK, limits[:6] + b"\0\0")  # theirs, without heartbeats


def _short(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


def _long(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
