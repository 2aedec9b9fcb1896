"""Bringing a file whose size is known: gone on with where it broke off, and never more than was promised."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from katpkg.errors import SourceError
from katpkg.sources.base import BrokenOff
from katpkg.sources.http import LATER, Answer
from katpkg.sources.partial import Arrival
from katpkg.sources.patience import Patience

Open = Callable[[dict[str, str]], AbstractContextManager[Answer]]
"""Asks for the file anew, with these headers. Addresses that storage gives are good for a minute only."""

NOT_ANY_MORE = (401, 403, 404, 410)
"""What storage says to an address that was good a moment ago."""


def download(ask: Open, to: Arrival, size: int, patience: Patience) -> None:
    """Add to ``to`` what it lacks of the ``size`` bytes that ``ask`` opens.

    Raises BrokenOff when it does not come to an end, and SourceError.
    """
    if to.size > size:
        to.restart()
    furthest = to.size
    while to.size < size:
        try:
            with ask({"Range": f"bytes={to.size}-"} if to.size else {}) as answer:
                _take(answer, to, size, patience)
            if to.size < size:
                said = f"it is cut off: {to.size} of {size} bytes came"
                raise BrokenOff(said, where=answer.where, hint=LATER)
        except BrokenOff as error:
            if to.size > furthest:
                furthest = to.size
                patience.renew()
            patience.bear(error)


def _take(answer: Answer, to: Arrival, size: int, patience: Patience) -> None:
    _check_status(answer)
    if not _goes_on(answer, to.size):
        to.restart()
        if answer.status != 200:
            raise BrokenOff("the storage does not have the part that is missing", where=answer.where, hint=LATER)
    for block in answer.blocks():
        patience.go_on()
        if to.size + len(block) > size:
            raise SourceError(
                f"more comes than the {size} bytes that were promised",
                where=answer.where,
                hint="what is there now is not what was locked; find out who changed it",
            )
        to.add(block)


def _check_status(answer: Answer) -> None:
    if answer.status in (200, 206, 416):
        return
    if answer.hops and answer.status in NOT_ANY_MORE:
        raise BrokenOff(
            f"the storage refuses the address that we were sent to: {answer.status}",
            where=answer.where,
            hint="try it again; if it stays, something between here and there changes requests",
        )
    if answer.status >= 500:
        raise BrokenOff(f"the server is in trouble: {answer.status}", where=answer.where, hint="try it again later")
    raise SourceError(f"the server refuses: {answer.status}", where=answer.where, hint="look at it in a browser")


def _goes_on(answer: Answer, at: int) -> bool:
    if answer.status != 206:
        return at == 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    return found is not None and int(found[1]) == at
