"""Asking a service whether it is well."""

from __future__ import annotations

import http.client
import re
import socket
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from katctl import amqp
from katctl.model import Probe

SECONDS = 15.0
"""That a service may take for one answer."""

CONNECTING = 5.0
"""That it may take until somebody answers at all."""

MOST = 1_000_000
"""Bytes of an answer that are read."""

SETTING = re.compile(r"\{([A-Z_][A-Z0-9_]*)\}")
"""Stands in a URL for the value of a setting."""

_opener = build_opener(ProxyHandler({}))


class Unwell(Exception):
    """The service does not do what its probe asks for; the message says what it did."""


def ask(probe: Probe, environment: dict[str, str], queue_url: str) -> str:
    """What proves that the service is well, in a few words. ``environment`` is its settings. Raises Unwell."""
    if probe.queue:
        return _ask_queue(probe.queue, queue_url)
    said = _ask_at(address(probe.url, environment), probe, environment)
    names = _names(probe.each_in)
    for name in names:
        _ask_at(address(probe.each_url, environment).replace("*", quote(name)), probe, environment)
    return f"{said}, and so for {', '.join(names)}" if names else said


def address(url: str, environment: dict[str, str]) -> str:
    """The URL that is asked, with the settings' values in it."""
    return SETTING.sub(lambda match: environment.get(match[1], ""), url)


def _ask_at(url: str, probe: Probe, environment: dict[str, str]) -> str:
    status, answer = _request(url, _form(probe, environment))
    if probe.status not in (0, status):
        raise Unwell(f"{url} answers {status}: {_short(answer)}")
    if probe.contains not in answer:
        raise Unwell(f"{url} does not say {probe.contains!r}: {_short(answer)}")
    if probe.lacks and probe.lacks in answer:
        raise Unwell(f"{url} says {probe.lacks!r}: {_short(answer)}")
    return f"{url} answers {status}"


def _names(directory: str) -> list[str]:
    """Of the directories in there, but for what a file system has of its own; none when it is not on this host."""
    path = Path(directory)
    if not directory or not path.is_dir():
        return []
    return sorted(each.name for each in path.iterdir() if each.is_dir() and each.name != "lost+found")


def unreachable(host: str, port: int) -> str:
    """Why nobody answers there; empty when somebody does."""
    try:
        socket.create_connection((host, port), CONNECTING).close()
    except OSError as error:
        return f"{host}:{port}: {error.strerror or error}"
    return ""


def _form(probe: Probe, environment: dict[str, str]) -> bytes | None:
    pairs = [pair.partition("=")[::2] for pair in probe.form]
    return urlencode([(name, environment.get(setting, "")) for name, setting in pairs]).encode() if pairs else None


def _request(url: str, body: bytes | None) -> tuple[int, str]:
    try:
        with _opener.open(Request(url, body), timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read(MOST).decode("utf-8", "replace")
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST).decode("utf-8", "replace")
    except (URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise Unwell(f"{url} does not answer: {getattr(reason, 'strerror', None) or reason}") from error


def _ask_queue(queue: str, url: str) -> str:
    try:
        count = amqp.consumers(url, queue)
    except amqp.Refused as error:
        raise Unwell(f"queue {queue}: {error}") from error
    if not count:
        raise Unwell(f"nobody takes from queue {queue}")
    return f"{count} take from queue {queue}"


def _short(answer: str) -> str:
    return " ".join(answer.split())[:160]
