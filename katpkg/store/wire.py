"""Requests to an S3 bucket: tried again when that is safe to do, and every refusal an error that says what to do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from katpkg.store.content import Content
from katpkg.store.refusals import Refused

Client = Any
"""An S3 client of boto3, which makes its methods as it goes: no type says more."""
Answer = Mapping[str, Any]
Taken = TypeVar("Taken")

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to bear with a store."""

    tries: int = 5
    total: float = 60.0
    """Seconds after which no further try is begun."""
    answer: float = 30.0
    """Seconds that a store may stay silent."""
    pause: float = 0.2
    """Seconds of the first pause at most; each may be twice as long as the one before."""

    def pauses(self) -> Iterator[float]:
        """The longest pause before each further try."""
        return (self.pause * 2**number for number in range(self.tries - 1))


class Wire:
    """The way to the objects of ``bucket`` whose names begin with ``prefix``."""

    def __init__(self, client: Client, bucket: str, prefix: str, patience: Patience) -> None:
        self._client = client
        self.bucket = bucket
        self.prefix = prefix
        self.patience = patience
        self.ahead = timedelta()
        """How far our clock was ahead of the store's when it last answered."""
        self._ahead_at_most = timedelta(days=1)

    @property
    def endpoint(self) -> str:
        """Where the store is."""
        return str(self._client.meta.endpoint_url)

    def where(self, key: str) -> str:
        """The URL of ``key``, for people."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def ask(self, operation: str, key: str, **words: object) -> Answer:
        """The answer to ``operation`` on the object under ``key``. Raises Refused."""
        return self.fetch(operation, key, _as_it_is, **words)

    def fetch(self, operation: str, key: str, take: Callable[[Answer], Taken], **words: object) -> Taken:
        """What ``take`` makes of the answer, which is asked for again if it breaks off meanwhile. Raises Refused."""
        is_doubtful = False
        end = time.monotonic() + self.patience.total
        pauses = self.patience.pauses()
        while True:
            try:
                return self._try(operation, key, take, words)
            except Refused as refusal:
                refusal.is_doubtful = is_doubtful = is_doubtful or (refusal.is_transient and refusal.is_unclear)
                longest = next(pauses, None)
                if not refusal.is_transient or longest is None:
                    raise
                pause = max(random.uniform(0, longest), refusal.retry_after)  # noqa: S311 - not to all come at once
                if time.monotonic() + pause > end:
                    raise
                time.sleep(pause)

    def outlast(self, moment: datetime) -> None:
        """Return when the store's clock is sure to show a later second than ``moment``, which it told."""
        now = datetime.now(UTC)  # noqa: TID251 - as below
        early = moment + SECOND - (now - self._ahead_at_most)
        time.sleep(min(max(early, timedelta()), 2 * SECOND).total_seconds())  # or its clocks do not agree

    def _try(self, operation: str, key: str, take: Callable[[Answer], Taken], words: dict[str, object]) -> Taken:
        from botocore.exceptions import BotoCoreError, ClientError

        body = words.get("Body")
        if isinstance(body, Content):
            body.seek(0)
        name = {} if operation.startswith("list_") else {"Key": f"{self.prefix}{key}"}
        try:
            answer = getattr(self._client, operation)(Bucket=self.bucket, **name, **words)
            self._note_time(answer)
            return take(answer)
        except ClientError as error:
            self._note_time(error.response)
            raise _refused(error.response, self.where(key)) from error
        except BotoCoreError as error:
            if isinstance(body, Content) and body.refusal:  # it was us who broke off
                raise body.refusal from error
            raise Refused(type(error).__name__, str(error), where=self.where(key)) from error

    def _note_time(self, answer: Answer) -> None:
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        if date:
            now = datetime.now(UTC)  # noqa: TID251 - the clock itself is what is asked about
            ahead = now - parsedate_to_datetime(date)
            self.ahead = ahead - SECOND / 2  # the date is cut to the second
            self._ahead_at_most = min(self._ahead_at_most, ahead)


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _refused(response: Answer, where: str) -> Refused:
    metadata, error = response["ResponseMetadata"], response.get("Error", {})
    after = metadata["HTTPHeaders"].get("retry-after", "")
    return Refused(
        str(error.get("Code") or metadata["HTTPStatusCode"]),
        str(error.get("Message", "")),
        status=metadata["HTTPStatusCode"],
        where=where,
        retry_after=float(after) if after.isdecimal() else 0.0,
    )
