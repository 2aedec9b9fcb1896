"""What a store shall tell HTTP clients about an object."""

from __future__ import annotations

from collections.abc import Mapping

IMMUTABLE = "public, max-age=31536000, immutable"
CHANGING = "no-cache"
"""Keep it, but ask every time whether it is still the newest."""

TEXT = "text/plain; charset=utf-8"
BY_NAME = {
    "InRelease": TEXT,
    "Release": TEXT,
    "Index": TEXT,
    "mirrorlist": TEXT,
    "Release.gpg": "application/pgp-signature",
}
BY_SUFFIX = {
    "deb": "application/vnd.debian.binary-package",
    "rpm": "application/x-rpm",
    "xml": "application/xml",
    "asc": "application/pgp-signature",
    "gz": "application/gzip",
    "xz": "application/x-xz",
}


def immutable(key: str) -> Mapping[str, str]:
    """For what is written once and never changes."""
    return {"CacheControl": IMMUTABLE, "ContentType": content_type(key)}


def changing(key: str) -> Mapping[str, str]:
    """For what the next publication replaces."""
    return {"CacheControl": CHANGING, "ContentType": content_type(key)}


def content_type(key: str) -> str:
    """The media type of what is under ``key``."""
    name = key.rpartition("/")[2]
    return BY_NAME.get(name) or BY_SUFFIX.get(name.rpartition(".")[2]) or "application/octet-stream"
