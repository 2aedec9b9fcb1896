"""What the API tells of runs, artifacts and releases, read into types: what is missing or of another kind is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from katpkg.errors import SourceError
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256

Offer = Mapping[str, Any]
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The repository itself: its number, which stays, and the name that it has now."""

    id: int
    name: str

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        return cls(id=_taken(offer, "id", int), name=_taken(offer, "full_name", str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a workflow, as its newest attempt is."""

    id: int
    number: int
    attempt: int
    status: str
    conclusion: str
    event: str
    workflow: str
    """The path of its file."""
    ref: str
    """The branch or the tag; which of the two, it does not say."""
    commit: str
    committed: int
    repository: int
    home: int
    """The repository that the commit is of; another one for forks; 0 when that is gone."""
    home_name: str
    page: str

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        home = offer.get("head_repository") or {}
        return cls(
            id=_taken(offer, "id", int),
            number=_taken(offer, "run_number", int),
            attempt=offer.get("run_attempt") or 1,
            status=offer.get("status") or "",
            conclusion=offer.get("conclusion") or "",
            event=_taken(offer, "event", str),
            workflow=_taken(offer, "path", str).partition("@")[0],
            ref=offer.get("head_branch") or "",
            commit=_taken(offer, "head_sha", str),
            committed=_seconds((offer.get("head_commit") or {}).get("timestamp") or offer.get("created_at")),
            repository=_taken(_taken(offer, "repository", dict), "id", int),
            home=home.get("id") or 0,
            home_name=home.get("full_name") or "a repository that is gone",
            page=_taken(offer, "html_url", str),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An artifact of a run."""

    id: int
    name: str
    size: int
    digest: Digest | None
    told: str
    """The digest in GitHub's words, for one that we do not know."""
    expired: bool
    expires: str
    run: int
    commit: str
    repository: int
    home: int

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        run = offer.get("workflow_run") or {}
        size = _taken(offer, "size_in_bytes", int)
        return cls(
            id=_taken(offer, "id", int),
            name=_taken(offer, "name", str),
            size=size,
            digest=_digest(offer, size),
            told=offer.get("digest") or "",
            expired=_taken(offer, "expired", bool),
            expires=offer.get("expires_at") or "",
            run=run.get("id") or 0,
            commit=run.get("head_sha") or "",
            repository=run.get("repository_id") or 0,
            home=run.get("head_repository_id") or 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    size: int
    digest: Digest | None
    is_whole: bool
    page: str

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        size = _taken(offer, "size", int)
        return cls(
            id=_taken(offer, "id", int),
            name=_taken(offer, "name", str),
            size=size,
            digest=_digest(offer, size),
            is_whole=offer.get("state") == "uploaded",
            page=_taken(offer, "browser_download_url", str),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release."""

    tag: str
    is_draft: bool
    is_prerelease: bool
    assets: tuple[Asset, ...]

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        return cls(
            tag=_taken(offer, "tag_name", str),
            is_draft=_taken(offer, "draft", bool),
            is_prerelease=_taken(offer, "prerelease", bool),
            assets=tuple(Asset.parse(each) for each in _taken(offer, "assets", list)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, and when it was made."""

    id: str
    moment: int

    @classmethod
    def parse(cls, offer: Offer) -> Self:
        """What the API says. Raises SourceError."""
        committer = _taken(offer, "commit", dict).get("committer") or {}
        return cls(id=_taken(offer, "sha", str), moment=_seconds(committer.get("date")))


def _taken(offer: Offer, key: str, kind: type[Kind]) -> Kind:
    found = offer.get(key)
    if isinstance(found, kind) and (kind is bool or not isinstance(found, bool)):
        return found
    raise SourceError(
        f"GitHub's answer has no {key!r} as we know it", where=str(offer.get("url", "")), hint="look at source.api"
    )


def _digest(offer: Offer, size: int) -> Digest | None:
    """What the API tells; None when it tells none, or one of a kind that we do not know."""
    algorithm, _, value = (offer.get("digest") or "").partition(":")
    try:
        return Digest(size=size, sha256=Sha256(value)) if algorithm == "sha256" else None
    except ValueError:
        return None


def _seconds(moment: str | None) -> int:
    try:
        return int(datetime.fromisoformat(moment or "").timestamp())
    except ValueError:
        return 0
