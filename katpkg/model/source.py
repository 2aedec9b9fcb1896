"""Where artifacts come from: the kinds of place that a definition may name, and who in them is believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from katpkg.model.names import Line, Name


class RepositoryName(Name):
    """A repository on GitHub."""

    __slots__ = ()
    pattern = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}"
    rule = "OWNER/NAME"


class WorkflowPath(Name):
    """A workflow's file in its repository."""

    __slots__ = ()
    pattern = r"\.github/workflows/[A-Za-z0-9_.-]+\.ya?ml"
    rule = ".github/workflows/NAME.yml"

    @property
    def file(self) -> str:
        """Its file name, by which the API knows it too."""
        return self.rpartition("/")[2]


class WebAddress(Name):
    """A URL that nobody on the way can answer for."""

    __slots__ = ()
    pattern = r"(https://[a-z0-9]|http://(localhost|127\.0\.0\.1)[:/])[A-Za-z0-9._~:/%{}+,-]*"
    rule = "an https:// URL without user, query and fragment; http:// on the loopback alone"


GITHUB = WebAddress("https://api.github.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorySpec:
    """A directory."""

    kind: Literal["directory"] = "directory"
    path: Path = Path("artifacts")
    """The directory that holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSpec:
    """A repository on GitHub: what its workflow leaves behind, or what its releases offer."""

    kind: Literal["github"]
    repository: RepositoryName
    """Whose artifacts they are; those of its forks never count."""
    workflow: WorkflowPath | None = None
    """The one workflow whose artifacts count; not needed where they come from releases."""
    take: Literal["runs", "releases"] = "runs"
    """Whether artifacts are those of workflow runs, or the assets of releases."""
    tags: tuple[Line, ...] = (Line("v*"),)
    """Patterns of the tags that may be built from; without a choice it is the newest version's."""
    branches: tuple[Line, ...] = ()
    """Patterns of the branches that may be built from: when asked for, or when no tag may."""
    events: tuple[Line, ...] = (Line("push"), Line("release"), Line("workflow_dispatch"))
    """What may have started the run."""
    api: WebAddress = GITHUB
    """Where the API is: https://HOST/api/v3 for GitHub Enterprise."""
    trust_root: Path | None = None
    """What `gh attestation trusted-root` printed: who attestations are believed of; left out: Sigstore's own."""

    @property
    def web(self) -> str:
        """Where people look at it: the beginning of the names that it gives to repositories and runs."""
        return "https://github.com" if self.api == GITHUB else self.api.removesuffix("/").removesuffix("/api/v3")

    @property
    def issuer(self) -> str:
        """Who says to Sigstore which workflow is running."""
        if self.api == GITHUB:
            return "https://token.actions.githubusercontent.com"
        return f"{self.web}/_services/token"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSpec:
    """Files on a web server. What they are is pinned: each module says version and digest."""

    kind: Literal["url"]
    url: WebAddress
    """What the file's name is appended to; {version} and the target's placeholders may stand in it."""


SourceSpec = DirectorySpec | GitHubSpec | WebSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which runs somebody asks for; at most one of these. None: the newest that may be built from."""

    tag: str = ""
    branch: str = ""
    commit: str = ""
    run: int = 0

    def __bool__(self) -> bool:
        return bool(self.tag or self.branch or self.commit or self.run)

    def __str__(self) -> str:
        named = {"tag": self.tag, "branch": self.branch, "commit": self.commit, "run": self.run}
        return next((f"{name} {value}" for name, value in named.items() if value), "any")
