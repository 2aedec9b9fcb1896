"""What the API says when it does not give what was asked for, and what to do about it. Statuses and headers tell; the
wording of messages changes, and is shown but never read.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from katpkg.errors import SourceError
from katpkg.sources.base import BrokenOff
from katpkg.sources.http import REDIRECTS, Answer, Http

UNTOLD = 60.0
"""Seconds to wait when we asked too much, and are not told for how long: what GitHub's documentation says."""


class Absent(SourceError):
    """404 and 422: there is no such thing, or we may not know that there is."""


class Gone(SourceError):
    """410: it has expired."""


def judge(answer: Answer, http: Http, now: float, *, has_token: bool) -> None:
    """Raise what ``answer`` means, unless it is what was asked for: SourceError, Absent, Gone, BrokenOff."""
    if answer.status == 200:
        return
    if (wait := seconds_to_wait(answer, now)) is not None:
        raise _limited(answer, wait, now, has_token=has_token)
    if answer.status >= 500:
        raise BrokenOff(f"GitHub is in trouble: {answer.status}", where=answer.where, hint="try it again later")
    raise _meaning(answer, http.hide(_said(answer)), has_token=has_token)


def _meaning(answer: Answer, said: str, *, has_token: bool) -> SourceError:
    match answer.status:
        case 401:
            return _unknown(answer, said, has_token=has_token)
        case 403:
            return _forbidden(answer, said)
        case 404 | 422:  # the latter for a commit or a tag that is not there
            return Absent("GitHub has nothing there, or nothing that we may see", where=answer.where, details=said)
        case 410:
            return Gone("it has expired, and GitHub has deleted it", where=answer.where, details=said)
        case status if status in REDIRECTS:
            hint = "set source.repository to its name now, once you know that it is the same project"
            return SourceError("the repository has moved", where=answer.where, hint=hint)
        case status:
            message = f"GitHub answers {status}, which we do not expect"
            return SourceError(message, where=answer.where, hint="look at source.api", details=said)


def seconds_to_wait(answer: Answer, now: float) -> float | None:
    """How long a refusal asks us to wait; None when it is no matter of waiting."""
    if answer.status not in (403, 429):
        return None
    after, left, reset = (answer.headers.get(name, "") for name in LIMITS)
    if after.isdecimal():
        return max(float(after), 1.0)
    if left == "0" and reset.isdecimal():
        return max(float(reset) - now, 0.0) + 1.0
    return UNTOLD if answer.status == 429 else None


LIMITS = ("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")


def _limited(answer: Answer, wait: float, now: float, *, has_token: bool) -> BrokenOff:
    until = datetime.fromtimestamp(now + wait, UTC)
    hint = "wait until then; what has arrived is kept" if has_token else "set GITHUB_TOKEN: that allows far more"
    if answer.headers.get(LIMITS[1]) == "0":
        return BrokenOff(
            f"GitHub's rate limit is used up until {until:%H:%M:%S} UTC", where=answer.where, hint=hint, wait=wait
        )
    return BrokenOff(
        f"GitHub asks us to slow down until {until:%H:%M:%S} UTC", where=answer.where, hint=hint, wait=wait
    )


def _unknown(answer: Answer, said: str, *, has_token: bool) -> SourceError:
    if not has_token:
        return SourceError(
            "GitHub gives this to nobody without a token",
            where=answer.where,
            hint="export GITHUB_TOKEN=$(gh auth token); in a workflow: env GITHUB_TOKEN: ${{ github.token }}",
            details=said,
        )
    hint = "it may have expired or been revoked: make a new one with actions: read"
    return SourceError("GitHub does not accept the token", where=answer.where, hint=hint, details=said)


def _forbidden(answer: Answer, said: str) -> SourceError:
    needed = answer.headers.get("x-accepted-github-permissions", "").replace("=", ": ") or "actions: read"
    hint = f"give it the permission {needed}; in a workflow: permissions: {{ {needed} }}"
    return SourceError("the token may not do this", where=answer.where, hint=hint, details=said)


def _said(answer: Answer) -> str:
    """What the server says about it, if it is in the form that GitHub uses."""
    try:
        found = json.loads(answer.text())
        return str(found.get("message", "")) if isinstance(found, dict) else ""
    except (ValueError, SourceError):
        return ""
