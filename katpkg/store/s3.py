"""An archive in an S3 bucket, Amazon's or another's."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import BinaryIO

from katpkg.model.digests import Digest
from katpkg.model.store import S3Options
from katpkg.repository.publication import Token
from katpkg.store import parts, promise
from katpkg.store.base import HIDDEN, Stored
from katpkg.store.headers import changing, immutable
from katpkg.store.objects import Objects
from katpkg.store.refusals import Refused
from katpkg.store.wire import Client, Patience, Wire

PARALLEL = 32
AMAZON = S3Options()
PATIENT = Patience()


class S3Store:
    """Objects in a bucket, below a prefix. Conditions are the store's own: If-None-Match and If-Match."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        options: S3Options = AMAZON,
        *,
        single_publisher: bool = False,
        patience: Patience = PATIENT,
    ) -> None:
        prefix = prefix.strip("/")
        client = connect(options, patience, f"s3://{bucket}/{prefix}")
        self._wire = Wire(client, bucket, f"{prefix}/" if prefix else "", patience)
        self._objects = Objects(self._wire)
        self._is_alone = single_publisher
        self._form: str | None = None
        """How the store wants ETags, once that is known."""

    @property
    def parallel(self) -> int:
        """Each waits for its answer most of the time."""
        return PARALLEL

    def where(self, key: str) -> str:
        """The object's s3:// URL."""
        return self._wire.where(key)

    def read(self, key: str) -> tuple[bytes, Token] | None:
        """The object's bytes; the token is its ETag."""
        return self._objects.read(key)

    def read_all(self, keys: Sequence[str]) -> Sequence[tuple[bytes, Token] | None]:
        """All at once."""
        if len(keys) < 2:
            return [self.read(key) for key in keys]
        with ThreadPoolExecutor(min(PARALLEL, len(keys))) as threads:
            return tuple(threads.map(self.read, keys))

    def open(self, key: str) -> BinaryIO | None:
        """A stream that goes on where a connection breaks."""
        return self._objects.open(key)

    def look(self, key: str) -> Stored | None:
        """One HEAD."""
        answer = self._objects.ask("head_object", key)
        if answer is None:
            return None
        return Stored(key=key, size=answer["ContentLength"], modified=answer["LastModified"])

    def cache_control(self, key: str) -> str | None:
        """One HEAD: what clients are told about keeping it."""
        answer = self._objects.ask("head_object", key)
        return answer.get("CacheControl") if answer else None

    def digest(self, key: str) -> Digest | None:
        """One HEAD where the store keeps the SHA-256 of the whole; otherwise the object is read for it."""
        return self._objects.digest(key)

    def list(self, prefix: str) -> Iterator[Stored]:
        """A thousand with each request; sorted here, because stores that keep directories have their own order."""
        yield from sorted(self._pages(prefix), key=attrgetter("key"))

    def create(self, key: str, content: bytes | str, digest: Digest) -> bool:
        """PUT with If-None-Match; in parts when it is big, and then only after a look whether it is in vain."""
        if (self._is_alone or digest.size > parts.LIMIT) and self.look(key) is not None:
            return False
        return self._objects.write(key, content, digest, immutable(key), {} if self._is_alone else promise.FREE)

    def replace(self, key: str, content: bytes, token: Token | None, moment: datetime | None = None) -> bool:
        """PUT with If-Match, or If-None-Match. The store tells its own time; with ``moment``, never one twice."""
        if moment is not None:
            self._objects.outlast(key)
        if self._is_alone:
            return self._replace_alone(key, content, token)
        if token is None:
            return self._write_if(key, content, promise.FREE)
        form = self._form or promise.QUOTED
        if self._write_if(key, content, promise.match(token, form)):
            return True
        # somebody was quicker; or it is a store that wants ETags bare, and the probe was another process's
        if self._form is None and self._known_form() == promise.BARE:
            return self._write_if(key, content, promise.match(token, promise.BARE))
        return False

    def put(self, key: str, content: bytes) -> None:
        """PUT."""
        self._objects.write(key, content, Digest.of(content), changing(key), {})

    def token(self, content: bytes) -> Token:
        """The MD5 in quotes: what the ETag is, unless the bucket is encrypted with keys of its own."""
        return Token(f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"')

    def renew(self, key: str) -> bool:
        """Copy the object onto itself; the store does it by itself."""
        source = {"Bucket": self._wire.bucket, "Key": f"{self._wire.prefix}{key}"}
        words = {"CopySource": source, "MetadataDirective": "REPLACE", **immutable(key)}
        return self._objects.ask("copy_object", key, **words) is not None

    def delete(self, key: str, modified: datetime | None = None) -> None:
        """DELETE, after a HEAD where that could say no: no condition on a DELETE would be about the time."""
        found = self.look(key) if modified else None
        if modified is None or (found and found.modified <= modified):
            self._objects.ask("delete_object", key)

    def settle(self) -> None:
        """Nothing: an answered write is a durable one."""

    def ahead(self) -> timedelta:
        """By the Date of its latest answer."""
        return self._wire.ahead

    def probe(self) -> None:
        """Try conditional writes out, or find that it was done before; then keep the answer in the bucket."""
        if self._is_alone or self._known_form() is not None:
            return
        key = f"{HIDDEN}-probe-{secrets.token_hex(8)}"
        try:
            self._form = promise.probe(self._write_if, self._etag, key, self.where(""))
        finally:
            for left in (key, f"{key}{promise.ABSENT}"):
                with contextlib.suppress(Refused):
                    self.delete(left)
        self.put(promise.KEPT_UNDER, f"{self._note}\n".encode())

    def _pages(self, prefix: str) -> Iterator[Stored]:
        page: Mapping[str, str] = {}
        while True:
            answer = self._wire.ask("list_objects_v2", prefix, Prefix=f"{self._wire.prefix}{prefix}", **page)
            for entry in answer.get("Contents", ()):
                key = entry["Key"].removeprefix(self._wire.prefix)
                if not key.startswith(HIDDEN):
                    yield Stored(key=key, size=entry["Size"], modified=entry["LastModified"])
            if not answer["IsTruncated"]:
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def _write_if(self, key: str, content: bytes, condition: Mapping[str, str]) -> bool:
        note = {"Metadata": {promise.NOTE: self._note}} if self._form else {}
        return self._objects.write(key, content, Digest.of(content), {**changing(key), **note}, condition)

    def _replace_alone(self, key: str, content: bytes, token: Token | None) -> bool:
        found = self.read(key)
        if (found[1] if found else None) != token:
            return False
        self.put(key, content)
        return True

    def _etag(self, key: str) -> str:
        found = self.read(key)
        return found[1] if found else promise.OTHER

    @property
    def _note(self) -> str:
        return promise.note(self._form or "", self._wire.endpoint)

    def _known_form(self) -> str | None:
        """How the store wants ETags, if somebody has found it out."""
        form = self._form or promise.form_in(self._objects.note, self._wire.endpoint)
        if form is None and (found := self.read(promise.KEPT_UNDER)):
            form = promise.form_in(found[0].decode("utf-8", "replace"), self._wire.endpoint)
        self._form = form
        return form


class _Role:
    """Where botocore looks for credentials when a role is assumed: there and nowhere else."""

    def __init__(self, fetch: Callable[[], dict[str, str]]) -> None:
        self._fetch = fetch

    def load_credentials(self) -> object:
        from botocore.credentials import DeferredRefreshableCredentials

        return DeferredRefreshableCredentials(self._fetch, "assume-role")


def connect(options: S3Options, patience: Patience, where: str) -> Client:
    """A client that asks once, and leaves trying again to us. Raises StoreError. Makes no request yet."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=PARALLEL,
        connect_timeout=min(10.0, patience.answer),
        read_timeout=patience.answer,
        # many stores that are not Amazon's refuse checksums they do not know
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if options.path_style else {},
    )
    try:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        if options.role:
            session = _in_role(session, options)
        return session.client("s3", endpoint_url=options.endpoint, config=config)
    except (BotoCoreError, ValueError) as error:  # an endpoint that is no URL is a ValueError
        raise Refused(type(error).__name__, str(error), where=where) from error


def _in_role(session: Client, options: S3Options) -> Client:
    """A session with the role's temporary credentials, which are got when needed and renewed before they expire."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    own = session.get_credentials()
    if own is None:
        raise NoCredentialsError
    sts = partial(session.client, endpoint_url=options.endpoint)
    fetcher = AssumeRoleCredentialFetcher(sts, own, options.role, extra_args={"RoleSessionName": "katpkg"})
    inner = get_session()
    inner.register_component("credential_provider", _Role(fetcher.fetch_credentials))
    return boto3.Session(botocore_session=inner, region_name=session.region_name)
