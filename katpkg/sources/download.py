"""Bringing a file whose size is known: gone on with where it broke off, and never more than was promised."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from katpkg.errors import SourceError
from katpkg.report import Meter
from katpkg.sources.base import BrokenOff
from katpkg.sources.http import Answer
from katpkg.sources.patience import Patience

Open = Callable[[dict[str, str]], AbstractContextManager[Answer]]
"""Asks for the file anew, with these headers. Addresses that storage gives are good for a minute only."""

NOT_ANY_MORE = (401, 403, 404, 410)
"""What storage says to an address that was good a moment ago."""


def download(ask: Open, to: Path, size: int, meter: Meter, patience: Patience) -> None:
    """Write the ``size`` bytes that ``ask`` opens to ``to``, after what is there already.

    Raises BrokenOff when it does not come to an end, and SourceError.
    """
    with to.open("ab") as file:
        if file.tell() > size:
            _begin_anew(file)
        meter.advance(file.tell())
        furthest = file.tell()
        while file.tell() < size:
            before = file.tell()
            try:
                with ask({"Range": f"bytes={before}-"} if before else {}) as answer:
                    _take(answer, file, size, meter, patience)
                if file.tell() < size:
                    raise BrokenOff(f"it is cut off: {file.tell()} of {size} bytes came", where=answer.where)
            except BrokenOff as error:
                if file.tell() > furthest:
                    furthest = file.tell()
                    patience.renew()
                patience.bear(error)


def _take(answer: Answer, file: BinaryIO, size: int, meter: Meter, patience: Patience) -> None:
    _check_status(answer)
    if not _goes_on(answer, file.tell()):
        meter.advance(-file.tell())
        _begin_anew(file)
        if answer.status != 200:
            raise BrokenOff("the storage does not have the part that is missing", where=answer.where)
    for block in answer.blocks():
        patience.go_on()
        if file.tell() + len(block) > size:
            raise SourceError(
                f"more comes than the {size} bytes that were promised",
                where=answer.where,
                hint="what is there now is not what was locked; find out who changed it",
            )
        file.write(block)
        meter.advance(len(block))


def _begin_anew(file: BinaryIO) -> None:
    file.truncate(0)
    file.seek(0)


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
