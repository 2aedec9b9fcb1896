"""How S3 stores and the way to them go wrong: what a FaultProxy can do to a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer on its way to the client."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class Request:
    """A request that came by. ``status`` is what the client was told; 0 if nothing."""

    number: int
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    fault: str = ""
    status: int = 0
    forwarded: bool = False

    @property
    def is_conditional_write(self) -> bool:
        """Whether it writes only if the store finds what it expects."""
        return self.method in ("PUT", "POST") and bool(self.headers.keys() & {"if-match", "if-none-match"})


class BrokenConnection(Exception):
    """The client is to see nothing more than ``begun`` of the answer."""

    def __init__(self, begun: Reply | None = None) -> None:
        super().__init__()
        self.begun = begun


Forward = Callable[[Request], Reply]
Fault = Callable[[Request, Forward, threading.Event], Reply]
"""What happens to a request: it may be changed, forwarded or not, answered or not. The event ends all waiting."""


def refusal(status: int, code: str, **headers: str) -> Fault:
    """An answer in place of the store's."""
    return lambda request, *_: _refuse(request, status, code, **headers)


def refusal_after(status: int, code: str) -> Fault:
    """The request is carried out, and the answer says that it was not."""

    def fault(request: Request, forward: Forward, _: threading.Event) -> Reply:
        forward(request)
        return _refuse(request, status, code)

    return fault


def reset_before(request: Request, forward: Forward, closing: threading.Event) -> Reply:  # noqa: ARG001
    """The request is lost."""
    raise BrokenConnection


def reset_after(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """The answer is lost."""
    forward(request)
    raise BrokenConnection


def half_body(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """The connection ends in the middle of the answer."""
    raise BrokenConnection(forward(request))


def stall(request: Request, forward: Forward, closing: threading.Event) -> Reply:  # noqa: ARG001
    """The request is lost, and nobody says so."""
    closing.wait()
    raise BrokenConnection


def stall_after(request: Request, forward: Forward, closing: threading.Event) -> Reply:
    """The answer does not come."""
    forward(request)
    closing.wait()
    raise BrokenConnection


def corrupt_upload(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A bit of what is sent changes on the way."""
    if request.body:
        request.body = bytes([request.body[0] ^ 1]) + request.body[1:]
    return forward(request)


def conditions_ignored(*names: str) -> Fault:
    """A store that has never heard of conditional writes, and says yes."""

    def fault(request: Request, forward: Forward, _: threading.Event) -> Reply:
        for name in names:
            request.headers.pop(name, None)
        return forward(request)

    return fault


def absence_ignored(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store that writes what was to be replaced and is not there."""
    reply = forward(request)
    if reply.status == 404 and request.is_conditional_write:
        request.headers.pop("if-match", None)
        return forward(request)
    return reply


def conditions_refused(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store that has heard of them, and says no (OpenStack Swift)."""
    return _refuse(request, 501, "NotImplemented") if request.is_conditional_write else forward(request)


def absent_denied(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store that does not tell whether there is something, to who may not list."""
    reply = forward(request)
    return _refuse(request, 403, "AccessDenied") if reply.status == 404 else reply


def bare_etags(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store that takes If-Match without quotes only (Ceph's gateway 16)."""
    etag = request.headers.get("if-match")
    if etag is None:
        return forward(request)
    if etag.startswith('"'):
        return _refuse(request, 412, "PreconditionFailed")
    request.headers["if-match"] = f'"{etag}"'
    return forward(request)


def checksums_refused(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store that does not know the newer checksums."""
    if any(name.startswith("x-amz-checksum-") for name in request.headers):
        return _refuse(request, 400, "InvalidArgument")
    return forward(request)


def hour_behind(request: Request, forward: Forward, _: threading.Event) -> Reply:
    """A store whose clock is an hour behind."""
    reply = forward(request)
    kept = [(name, value) for name, value in reply.headers if name.lower() != "date"]
    reply.headers = [*kept, ("Date", formatdate(time.time() - 3600, usegmt=True))]
    return reply


FAULTS: dict[str, Fault] = {
    "500": refusal(500, "InternalError"),
    "500-after": refusal_after(500, "InternalError"),
    "503": refusal(503, "SlowDown", **{"Retry-After": "1"}),
    "503-after": refusal_after(503, "ServiceUnavailable"),
    "409": refusal(409, "ConditionalRequestConflict"),
    "412": refusal(412, "PreconditionFailed"),
    "403": refusal(403, "AccessDenied"),
    "skewed": refusal(403, "RequestTimeTooSkewed"),
    "reset-before": reset_before,
    "reset-after": reset_after,
    "half-body": half_body,
    "stall": stall,
    "stall-after": stall_after,
    "corrupt-upload": corrupt_upload,
    "if-match-ignored": conditions_ignored("if-match"),
    "if-none-match-ignored": conditions_ignored("if-none-match"),
    "conditions-ignored": conditions_ignored("if-match", "if-none-match"),
    "absence-ignored": absence_ignored,
    "conditions-refused": conditions_refused,
    "absent-denied": absent_denied,
    "bare-etags": bare_etags,
    "checksums-refused": checksums_refused,
    "hour-behind": hour_behind,
}
"""By the names that tests use."""


def _refuse(request: Request, status: int, code: str, **headers: str) -> Reply:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>the lab says so</Message></Error>".encode()
    return Reply(
        status=status,
        headers=[("Content-Type", "application/xml"), *headers.items()],
        body=b"" if request.method == "HEAD" else text,
    )
