"""Tokens are canaries: whoever finds one outside of the API's own host knows that it got out."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.github.server import GitHub

CANARY = "ghs_canary_0123456789abcdef"
POWERLESS = "ghs_powerless_0123456789abc"
"""Known, and allowed nothing."""
REVOKED = "ghs_revoked_0123456789abcde"
"""Known to nobody."""
TOKENS = (CANARY, POWERLESS, REVOKED)


def tells(text: str | bytes) -> bool:
    """Whether one of the tokens is in ``text``, as it is or as base64 makes it, wherever it begins."""
    content = text.encode() if isinstance(text, str) else text
    return any(form in content for token in TOKENS for form in _forms(token.encode()))


def _forms(token: bytes) -> Iterator[bytes]:
    yield token
    for before in range(3):  # base64 has three ways to write what stands within something else
        whole = base64.b64encode(b"\0" * before + token)
        yield whole[4 if before else 0 : len(whole) // 4 * 4 - 4]


class Log(logging.Handler):
    """All that anybody logs, of whatever level."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def caged(github: GitHub, root: Path) -> Iterator[None]:
    """What is done within it tells no token: not to another host, not to a log, and not to a file below ``root``."""
    log, logger = Log(), logging.getLogger()
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.NOTSET)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(log)
    assert [heard for heard in github.heard if heard.host != "api" and tells(str(heard))] == []
    assert [heard.target for heard in github.heard if tells(heard.target)] == []
    assert [line for line in log.lines if tells(line)] == []
    assert [path for path in root.rglob("*") if tells(str(path)) or (path.is_file() and tells(path.read_bytes()))] == []
