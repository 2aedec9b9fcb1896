"""Objects in a bucket, as they really are: absent or denied, written or not, whole or not."""

from __future__ import annotations

import base64
import contextlib
import io
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import BinaryIO, TypeVar, cast

from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.repository.publication import Token
from katpkg.store import parts, promise
from katpkg.store.base import HIDDEN
from katpkg.store.content import Content, digest_of
from katpkg.store.refusals import Refused
from katpkg.store.stream import Stream
from katpkg.store.wire import Answer, Wire

Taken = TypeVar("Taken")


class Objects:
    """What ``wire`` leads to. Remembers what kind of store that is."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._takes_checksums = True
        self._denies_absent = False
        self._written: dict[str, datetime] = {}
        self.note = ""
        """What the last commit that was read says about conditional writes."""

    def ask(self, operation: str, key: str, **words: object) -> Answer | None:
        """The answer, or None when there is no such object. Raises Refused."""
        return self._unless_absent(lambda: self._wire.ask(operation, key, **words))

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """Its bytes and its ETag."""

        def take(answer: Answer) -> tuple[bytes, Token]:
            content = answer["Body"].read()
            self._written[key] = answer["LastModified"]
            self.note = answer.get("Metadata", {}).get(promise.NOTE, self.note)
            return content, Token(answer["ETag"])

        return self._unless_absent(lambda: self._wire.fetch("get_object", key, take))

    def outlast(self, key: str) -> None:
        """Return when what is written now gets a later time than what was read under ``key``: stores count seconds."""
        if key in self._written:
            self._wire.outlast(self._written[key])

    def open(self, key: str) -> BinaryIO | None:
        """Its bytes as a stream."""
        answer = self.ask("get_object", key)
        if answer is None:
            return None
        return cast(BinaryIO, io.BufferedReader(Stream(self._wire, key, answer), 1 << 20))

    def digest(self, key: str) -> Digest | None:
        """What the store knows as the digest of the whole, else that of what is read."""
        answer = self.ask("head_object", key, ChecksumMode="ENABLED")
        if answer is None:
            return None
        if (known := _known_digest(answer)) is not None:
            return known
        stream = self.open(key)
        if stream is None:
            return None
        with stream:
            return digest_of(stream)

    def write(
        self,
        key: str,
        content: bytes | str,
        digest: Digest,
        headers: Mapping[str, object],
        condition: Mapping[str, str],
    ) -> bool:
        """Write ``content`` if ``condition`` holds; whether it did. Raises Refused, and StoreError if it changed.

        Where it stays unclear what became of a request, what is there now tells.
        """
        with Content(key, content, digest) as stream:
            try:
                self._send(key, stream, digest, headers, condition)
            except Refused as refusal:
                if refusal.is_doubtful and self.digest(key) == digest:
                    return True
                if condition and (refusal.status == 412 or refusal.is_absence):
                    return False
                raise
        return True

    def _send(
        self, key: str, stream: Content, digest: Digest, headers: Mapping[str, object], condition: Mapping[str, str]
    ) -> None:
        if digest.size > parts.LIMIT:
            parts.upload(self._wire, key, stream, headers, condition)
            return
        words = {"Body": stream, "ContentLength": digest.size, **headers, **condition}
        checksum = base64.b64encode(bytes.fromhex(digest.sha256)).decode()
        if self._takes_checksums:
            try:
                self._wire.ask("put_object", key, ChecksumSHA256=checksum, **words)
            except Refused as refusal:
                if refusal.status not in (400, 501) or refusal.is_transient:
                    raise
            else:
                return
        self._wire.ask("put_object", key, **words)
        self._takes_checksums = False  # it was the checksum that the store did not like

    def _unless_absent(self, ask: Callable[[], Taken]) -> Taken | None:
        try:
            return ask()
        except Refused as refusal:
            if refusal.is_absence or (refusal.is_denial and self._is_allowed_elsewhere(refusal)):
                return None
            raise

    def _is_allowed_elsewhere(self, refusal: Refused) -> bool:
        """Who may not list a bucket is told that access to what is absent is denied; so see if it is not to all."""
        if not self._denies_absent:
            key = f"{HIDDEN}-probe-{secrets.token_hex(8)}"
            try:
                self._wire.ask("put_object", key, Body=b"")
                self._wire.ask("head_object", key)
            except Refused as other:
                if other.is_denial:
                    return False
                raise other from refusal  # it tells more: a HEAD is refused without a reason
            with contextlib.suppress(Refused):
                self._wire.ask("delete_object", key)
            self._denies_absent = True
        return True


def _known_digest(answer: Answer) -> Digest | None:
    """What the store verified when the object came; of one that came in parts it knows only a digest of digests."""
    checksum = answer.get("ChecksumSHA256")
    if checksum is None or "-" in checksum or "-" in answer["ETag"] or answer.get("ChecksumType") == "COMPOSITE":
        return None
    return Digest(size=answer["ContentLength"], sha256=Sha256(base64.b64decode(checksum).hex()))
