"""The Date of what is published next: clients ignore, silently, what is not later than all before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from katpkg.errors import RepositoryError

SKEW = timedelta(seconds=5)
"""How far a clock may be behind the last publisher's; clients refuse a Date ten seconds ahead of theirs."""


def next_date(before: datetime | None, now: datetime, where: str) -> datetime:
    """A Date for ``now`` that is later than ``before``, to the second. Raises RepositoryError, which names ``where``,
    when the clock here is wrong.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    if before is None:
        return now
    if before > now + SKEW:
        raise RepositoryError(
            f"the last publication is of {before:%Y-%m-%d %H:%M:%S} UTC, and the clock here says {now:%H:%M:%S}",
            where=where,
            hint="set this machine's clock",
        )
    return max(now, before + timedelta(seconds=1))
