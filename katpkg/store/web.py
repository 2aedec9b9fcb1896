"""An archive on a web server, as its clients see it: to be read, and nothing else."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import IO, BinaryIO, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit

from katpkg.errors import StoreError
from katpkg.repository.publication import Token
from katpkg.store.base import Stored

PARALLEL = 8
PATIENCE = 30.0
"""Seconds that a server may stay silent."""
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try; twice as many before the third."""
LARGEST = 256 << 20
"""Bytes that are read into memory; what is larger is read as a stream."""

ABSENT = (404, 410)
TRANSIENT = (429, 500, 502, 503, 504)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EPOCH = datetime.fromtimestamp(0, UTC)
AGAIN = "try it again later, or by hand"
DENIED = "let everybody read it; of a bucket that nobody may list, see first whether it is there"

Taken = TypeVar("Taken")


class Answer(Protocol):
    """What a server answers."""

    headers: Message

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes."""

    def close(self) -> None:
        """Hang up."""


class WebStore:
    """Files below ``url``. They cannot be listed. Raises StoreError."""

    def __init__(self, url: str, *, insecure_http: bool = False) -> None:
        parts = urlsplit(url)
        is_secure = parts.scheme == "https" or parts.hostname in LOOPBACK or insecure_http
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StoreError("this is no web address", where=url, hint="https://HOST/PATH")
        if not is_secure:
            raise StoreError(
                "whoever is on the way could answer in place of the server",
                where=url,
                hint=f"{url.replace('http:', 'https:', 1)}, or say --insecure-http",
            )
        self._url = f"{url.rstrip('/')}/"
        self._opener = urllib.request.build_opener(_SameScheme)

    @property
    def parallel(self) -> int:
        """Each waits for its answer most of the time; more would be a burden."""
        return PARALLEL

    def where(self, key: str) -> str:
        """The URL; plus signs are escaped, as apt does it."""
        return f"{self._url}{quote(key)}"

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """GET; the token is the ETag, if the server tells one."""

        def take(answer: Answer) -> tuple[bytes, Token]:
            with closing(answer):
                content = answer.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise StoreError(f"it has more than {LARGEST} bytes", where=self.where(key))
            if _is_short(answer, len(content)):
                raise OSError("it broke off")
            return content, Token(answer.headers.get("ETag") or "")

        return self._ask("GET", key, take)

    def read_all(self, keys: Sequence[str]) -> Sequence[tuple[bytes, Token] | None]:
        """Some at once."""
        with ThreadPoolExecutor(PARALLEL) as threads:
            return tuple(threads.map(self.read, keys))

    def open(self, key: str) -> AbstractContextManager[BinaryIO] | None:
        """GET, as a stream."""
        answer = self._ask("GET", key, lambda answer: answer)
        return closing(cast(BinaryIO, _Stream(answer, self.where(key)))) if answer else None

    def look(self, key: str) -> Stored | None:
        """HEAD."""
        headers = self._head(key)
        if headers is None:
            return None
        size = headers.get("Content-Length", "")
        if not size.isdecimal():
            raise StoreError(
                "the server does not tell how large it is", where=self.where(key), hint="have it say so: Content-Length"
            )
        return Stored(key=key, size=int(size), modified=_moment(headers.get("Last-Modified")))

    def cache_control(self, key: str) -> str | None:
        """What the server tells clients about keeping ``key``."""
        headers = self._head(key)
        return headers.get("Cache-Control") if headers else None

    def _head(self, key: str) -> Message | None:
        def take(answer: Answer) -> Message:
            with closing(answer):
                return answer.headers

        return self._ask("HEAD", key, take)

    def _ask(self, method: str, key: str, take: Callable[[Answer], Taken]) -> Taken | None:
        """What ``take`` makes of the answer; None when there is no such file."""
        request = urllib.request.Request(self.where(key), method=method)  # noqa: S310 - of http and https alone
        for left in reversed(range(TRIES)):
            try:
                return take(self._opener.open(request, timeout=PATIENCE))
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in ABSENT:
                        return None
                    if error.code not in TRANSIENT or not left:
                        hint = DENIED if error.code in (401, 403) else AGAIN
                        raise _refused(f"{error.code} {error.reason}", self.where(key), hint) from error
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise _refused(str(getattr(error, "reason", None) or error), self.where(key)) from error
            time.sleep(PAUSE * (TRIES - left))
        return None


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a server elsewhere, but not from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            raise _led_astray("the server sends clients from https to http", req.full_url, newurl)
        if not newurl.startswith(("https:", "http:")):
            raise _led_astray("the server sends clients to what is no web address", req.full_url, newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # HTTPMessage


class _Stream:
    """A body as it comes; what breaks off is an error and not an end."""

    def __init__(self, answer: Answer, where: str) -> None:
        self._answer = answer
        self._where = where
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        try:
            block = self._answer.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise _refused(f"it broke off: {error}", self._where) from error
        self._size += len(block)
        if not block and _is_short(self._answer, self._size):
            raise _refused("it broke off", self._where)
        return block

    def close(self) -> None:
        """Hang up."""
        self._answer.close()


def _is_short(answer: Answer, size: int) -> bool:
    promised = answer.headers.get("Content-Length", "")
    return promised.isdecimal() and size < int(promised)


def _moment(text: str | None) -> datetime:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except ValueError:
        return EPOCH


def _led_astray(message: str, where: str, to: str) -> StoreError:
    return StoreError(message, where=where, hint="mend its redirection: apt does not follow it either", details=to)


def _refused(why: str, where: str, hint: str = AGAIN) -> StoreError:
    return StoreError(f"the server does not answer properly: {why}", where=where, hint=hint)
