"""Whether a store keeps the promise that everything else relies on: a conditional write does not overwrite."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from katpkg.errors import StoreError
from katpkg.store.base import HIDDEN
from katpkg.store.refusals import Refused

KEPT_UNDER = f"{HIDDEN}/conditional-writes"
"""Where the answer is kept, so that it is asked for once in the life of an archive."""
NOTE = "katpkg-conditional-writes"
"""Metadata that says so as well, of a commit: who reads what is published need not look for the answer."""
QUOTED, BARE = "quoted", "bare"
"""How a store wants the ETag in If-Match: as HTTP has it, or without its quotes (Ceph's gateway 16)."""
FREE: Mapping[str, str] = {"IfNoneMatch": "*"}
ABSENT = "-absent"
OTHER = '"00000000000000000000000000000000"'

Write = Callable[[str, bytes, Mapping[str, str]], bool]
"""Writes if the condition holds; whether it did."""


def match(token: str, form: str) -> Mapping[str, str]:
    """The condition that the object still has the ETag ``token``."""
    return {"IfMatch": token.strip('"') if form == BARE else token}


def note(form: str, endpoint: str) -> str:
    """What is kept: the answer, and a mark of the store that gave it, since objects may be copied to another."""
    return f"{form} {hashlib.sha256(endpoint.encode()).hexdigest()[:16]}"


def form_in(text: str, endpoint: str) -> str | None:
    """The form that works at ``endpoint``, if that is what ``text`` says."""
    return next((form for form in (QUOTED, BARE) if text.strip() == note(form, endpoint)), None)


def probe(write: Write, etag: Callable[[str], str], key: str, where: str) -> str:
    """Try it out with the free keys ``key`` and ``key``-absent; return the form of ETags that works.

    Raises StoreError when the store writes what it should not, or does not write what it should.
    """
    try:
        form = _try(write, etag, key)
    except Refused as refusal:
        if refusal.status not in (400, 405, 501):
            raise
        raise _unfit(f"it answers them with {refusal.status} {refusal.code}", where) from refusal
    except _BrokenError as broken:
        raise _unfit(str(broken), where) from broken
    return form


class _BrokenError(Exception):
    pass


def _try(write: Write, etag: Callable[[str], str], key: str) -> str:
    if not write(key, b"1", FREE):
        raise _BrokenError("it did not write under a free key")
    if write(key, b"2", FREE):
        raise _BrokenError("it overwrote an object that was only to be created")
    form = next((form for form in (QUOTED, BARE) if write(key, b"3", match(etag(key), form))), None)
    if form is None:
        raise _BrokenError("it did not replace an object whose ETag was given")
    if write(key, b"4", match(OTHER, form)):
        raise _BrokenError("it replaced an object that had another ETag")
    if write(f"{key}{ABSENT}", b"5", match(OTHER, form)):
        raise _BrokenError("it wrote an object that was to be replaced and was not there")
    return form


def _unfit(why: str, where: str) -> StoreError:
    return StoreError(
        f"the store cannot do conditional writes: {why}",
        where=where,
        hint="use another store; or say --single-publisher, and never let two publish at once",
    )
