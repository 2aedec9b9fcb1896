"""What is on the GitHub of the tests: repositories, their runs and releases. All of it is plain JSON, to be spoiled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.github.contract import example

WORKFLOW = ".github/workflows/build.yml"
WHEN = "2026-11-01T12:00:00Z"
EXPIRES = "2027-01-30T12:00:00Z"
NUMBERS = count(1000)
API = "https://api.github.com"
"""What stands for the address of the API, wherever that is."""

Json = dict[str, Any]


def sha_of(word: str) -> str:
    """A commit's name, made of a word."""
    return hashlib.sha1(word.encode()).hexdigest()  # noqa: S324


@dataclass(slots=True, kw_only=True)
class Stored:
    """Bytes, and what storage says they are."""

    content: bytes
    kind: str = "application/zip"


@dataclass(slots=True, kw_only=True)
class Repository:
    """A repository. Everything about it may be changed by a test."""

    name: str
    id: int = field(default_factory=lambda: next(NUMBERS))
    is_private: bool = False
    called: str = ""
    """The name that it has now, when it was renamed."""
    runs: dict[int, Json] = field(default_factory=dict)
    artifacts: dict[int, Json] = field(default_factory=dict)
    releases: list[Json] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    stored: dict[int, Stored] = field(default_factory=dict)
    listed: dict[int, int] = field(default_factory=dict)
    """Which run lists each artifact."""
    attestations: dict[str, list[Json]] = field(default_factory=dict)
    """The bundles about each file, by its digest."""

    def as_json(self) -> Json:
        """What the API says of it."""
        name = self.called or self.name
        return example("minimal-repository", id=self.id, full_name=name, name=name.partition("/")[2])

    def tag(self, name: str, commit: str = "") -> str:
        """Set a tag; returns its commit."""
        self.tags[name] = commit or sha_of(name)
        return self.tags[name]

    def run(self, ref: str, *, commit: str = "", home: Repository | None = None, **changes: Any) -> Json:
        """A good run of the workflow for a tag that is there, or for a branch."""
        number = next(NUMBERS)
        commit = commit or self.tags.get(ref) or sha_of(f"{ref} {number}")
        author = {"name": "a", "email": "a@example.org"}
        said: Json = {
            "id": number,
            "run_number": number,
            "run_attempt": 1,
            "status": "completed",
            "conclusion": "success",
            "event": "push",
            "path": WORKFLOW,
            "head_branch": ref,
            "head_sha": commit,
            "created_at": WHEN,
            "html_url": f"https://github.com/{self.name}/actions/runs/{number}",
            "repository": self.as_json(),
            "head_repository": (home or self).as_json(),
            "head_commit": {
                **{"id": commit, "tree_id": commit, "message": "m", "timestamp": WHEN},
                **{"author": author, "committer": author},
            },
        }
        self.runs[number] = example("workflow-run", **(said | changes))
        return self.runs[number]

    def artifact(self, run: Json, name: str, content: bytes, *, kind: str = "application/zip", **changes: Any) -> Json:
        """What a run left behind."""
        number = next(NUMBERS)
        said = {
            "id": number,
            "name": name,
            "url": f"{API}/repos/{self.name}/actions/artifacts/{number}",
            "archive_download_url": f"{API}/repos/{self.name}/actions/artifacts/{number}/zip",
            "size_in_bytes": len(content),
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "expired": False,
            "created_at": WHEN,
            "expires_at": EXPIRES,
            "workflow_run": {
                "id": run["id"],
                "repository_id": self.id,
                "head_repository_id": (run["head_repository"] or {"id": 0})["id"],
                "head_branch": run["head_branch"],
                "head_sha": run["head_sha"],
            },
        }
        self.artifacts[number] = example("artifact", **(said | changes))
        self.stored[number] = Stored(content=content, kind=kind)
        self.listed[number] = run["id"]
        return self.artifacts[number]

    def release(self, tag: str, assets: dict[str, bytes], **changes: Any) -> Json:
        """A release with its assets, which lose their tildes as on the real one."""
        said = {"id": next(NUMBERS), "tag_name": tag, "draft": False, "prerelease": False}
        listed = [self._asset(tag, name.replace("~", "."), content) for name, content in assets.items()]
        self.releases.append(example("release", assets=listed, **(said | changes)))
        return self.releases[-1]

    def _asset(self, tag: str, name: str, content: bytes) -> Json:
        number = next(NUMBERS)
        self.stored[number] = Stored(content=content, kind="application/octet-stream")
        return example(
            "release-asset",
            id=number,
            url=f"{API}/repos/{self.name}/releases/assets/{number}",
            name=name,
            size=len(content),
            state="uploaded",
            digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
            browser_download_url=f"https://github.com/{self.name}/releases/download/{tag}/{name}",
        )


@dataclass(slots=True, kw_only=True)
class World:
    """All that is there, and who may see it."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, bool] = field(default_factory=lambda: {"ghs_canary_0123456789abcdef": True})
    """Known tokens, and whether they may read Actions and private repositories."""
    most_per_page: int = 100

    def repository(self, name: str, **changes: Any) -> Repository:
        """Make a repository."""
        self.repositories[name] = Repository(name=name, **changes)
        return self.repositories[name]
