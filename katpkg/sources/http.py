"""Requests to web servers, one hop each: whoever follows a redirect decides by itself what goes along.

A client that has a token has a home, and asks nobody else: that is held here, at the lowest level there is.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3

from katpkg import __version__
from katpkg.errors import SourceError
from katpkg.sources.access import Access
from katpkg.sources.base import BrokenOff

REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
LOOPBACK = ("localhost", "127.0.0.1")
CONNECTIONS = 16
BLOCK = 1 << 18
SENT = "nothing but https:// is asked; find out who sends there, or what is between here and there"
LATER = "try it again; what has arrived is kept"
SOMETHING_ELSE = "something else answers there: look at source.api"
LARGEST_TEXT = 32 << 20
"""Bytes of an answer that is read into memory."""
TIMEOUT = urllib3.Timeout(connect=15.0, read=30.0)
NONE: Mapping[str, str] = {}


class Answer:
    """What a server answers. It is read once."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str, hops: int = 0) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self.hops = hops
        """How many redirects led there."""

    @property
    def where(self) -> str:
        """The URL for people: without what follows the path, which may be a permission."""
        return urlsplit(self.url)._replace(query="", fragment="").geturl()

    def blocks(self) -> Iterator[bytes]:
        """The body as it comes. Raises BrokenOff when it ends early."""
        try:
            yield from self._response.stream(BLOCK, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise BrokenOff(f"it broke off: {_reason(error)}", where=self.where, hint=LATER) from error

    def text(self) -> bytes:
        """The body. Raises BrokenOff, and SourceError when it is too large to be text."""
        body = b""
        for block in self.blocks():
            body += block
            if len(body) > LARGEST_TEXT:
                said = f"the answer has more than {LARGEST_TEXT} bytes"
                raise SourceError(said, where=self.where, hint=SOMETHING_ELSE)
        return body

    def json(self) -> Any:  # noqa: ANN401  # whoever asks knows what it must be
        """The body as JSON. Raises BrokenOff, and SourceError when it is none."""
        try:
            return json.loads(self.text())
        except ValueError as error:
            raise SourceError(
                "the answer is no JSON", where=self.where, hint=SOMETHING_ELSE, details=str(error)
            ) from error

    def close(self) -> None:
        """Hang up; but hear a short answer to its end, which keeps the line for the next request."""
        left = self._response.length_remaining
        if left is not None and left <= BLOCK:
            self._response.drain_conn()
            self._response.release_conn()
        self._response.close()


class Http:
    """A client. With a ``home`` (https://HOST) it has the token, and speaks to that host alone."""

    def __init__(self, access: Access, home: str = "") -> None:
        self._access = access
        self._home = origin(home) if home else ""
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    @contextmanager
    def ask(self, url: str, headers: Mapping[str, str] = NONE, method: str = "GET", hops: int = 0) -> Iterator[Answer]:
        """The answer to one request, whatever its status; a redirect is not followed.

        Raises BrokenOff when there is none, and SourceError when the URL is not one to be asked.
        """
        self._check(url)
        try:
            response = self._pool(url).request(
                method,
                url,
                headers={"User-Agent": f"katpkg/{__version__}", **headers, **self._credentials()},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _unreachable(url, error) from error
        answer = Answer(response, url, hops)
        try:
            yield answer
        finally:
            answer.close()

    def hide(self, text: str) -> str:
        """``text``, which a server said, without our token."""
        return self._access.token.hide_in(text) if self._access.token else text

    def _credentials(self) -> Mapping[str, str]:
        if not self._home or self._access.token is None:
            return NONE
        return {"Authorization": f"Bearer {self._access.token.reveal()}"}

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.hostname}"
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise SourceError(f"it leads to {parts.scheme}:// and not to https://", where=shown, hint=SENT)
        if parts.username or parts.password:
            raise SourceError("it leads to an address with a password in it", where=shown, hint=SENT)
        if self._home and origin(url) != self._home:
            raise SourceError(
                f"{self._home} sends us to another host, which must not see the token",
                where=shown,
                hint="set source.api to the address that the API has now",
            )

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._access.proxy(url)
        if proxy not in self._pools:
            options: dict[str, Any] = {"maxsize": CONNECTIONS, "timeout": TIMEOUT}
            self._pools[proxy] = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        return self._pools[proxy]


@contextmanager
def follow(
    first: Http, then: Http, url: str, headers: Mapping[str, str] = NONE, method: str = "GET"
) -> Iterator[Answer]:
    """The answer where ``url`` leads to: ``first`` asks there, and ``then`` wherever that sends us.

    Raises BrokenOff and SourceError.
    """
    http = first
    for hop in range(HOPS + 1):
        with http.ask(url, headers, method, hop) as answer:
            if answer.status not in REDIRECTS:
                yield answer
                return
            url, http = urljoin(url, answer.headers.get("location", "")), then
    raise SourceError(f"we are sent on more than {HOPS} times", where=origin(url), hint="look at what serves it")


def origin(url: str) -> str:
    """Scheme, host and port of ``url``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _unreachable(url: str, error: Exception) -> BrokenOff:
    host = urlsplit(url).hostname
    return BrokenOff(
        f"{host} cannot be reached: {_reason(error)}",
        where=f"https://{host}",
        hint="try it again; behind a proxy, set HTTPS_PROXY",
    )


def _reason(error: BaseException) -> str:
    """What is wrong in a few words, without the objects that urllib3 prints along."""
    found = getattr(error, "reason", None) or error
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {found.verify_message}"
    if isinstance(found, BaseException) and found is not error:
        return _reason(found)
    return str(found).rpartition(">: ")[2] or type(found).__name__
