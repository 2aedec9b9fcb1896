"""Which store it is that a definition names."""

from __future__ import annotations

import re
from pathlib import Path

from katpkg.errors import StoreError
from katpkg.model.store import S3Options
from katpkg.store.base import Store
from katpkg.store.local import LocalStore

NO_OPTIONS = S3Options()


def open_store(spec: str | Path, options: S3Options = NO_OPTIONS, *, single_publisher: bool = False) -> Store:
    """The store at a path or an s3:// URL. Raises StoreError for any other URL. Nothing is asked of it yet."""
    text = str(spec)
    if isinstance(spec, Path) or "://" not in text:
        return LocalStore(Path(spec))
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", text)
    if found is None:
        raise StoreError("this is no place for an archive", where=text, hint="name a directory, or s3://BUCKET/PREFIX")
    from katpkg.store.s3 import S3Store  # a directory needs none of it

    return S3Store(found[1], found[2] or "", options, single_publisher=single_publisher)
