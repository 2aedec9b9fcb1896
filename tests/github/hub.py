"""A GitHub with one good run on it, and katpkg's way to it: what most tests begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Line
from katpkg.model.source import Choice, GitHubSpec, RepositoryName, WebAddress, WorkflowPath
from katpkg.model.target import Target
from katpkg.report import NoMeter, Quiet
from katpkg.sources.access import Access, Secret
from katpkg.sources.cache import Cache
from katpkg.sources.github.source import GitHubSource
from tests.builders import make_module, make_target
from tests.github.canary import CANARY, POWERLESS, caged, tells
from tests.github.server import GitHub
from tests.github.world import WORKFLOW, Json, Repository, World

CONTENT = bytes(range(256)) * 4096
NAME = "acme/web"
TARGET = make_target()


class Listening(Quiet):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)

    def warning(self, text: str) -> None:
        self.told.append(text)


class Hub:
    """The server, its repository acme/web with the tag v1.0 and its good run, and a cache."""

    def __init__(self, github: GitHub, cache: Path) -> None:
        self.github = github
        self.cache = cache
        self.time = 1_795_000_000.0
        self.slept: list[float] = []
        self.reporter = Listening()
        self.token: str | None = CANARY
        self.on_sleep: Callable[[], object] = lambda: None
        self.stopping = threading.Event()
        self.repository: Repository = github.world.repository(NAME)
        self.repository.tag("v1.0")
        self.run: Json = self.repository.run("v1.0")
        self.artifact: Json = self.repository.artifact(self.run, "web-1.0.zip", CONTENT)
        github.now = lambda: self.time

    def spec(self, **changes: Any) -> GitHubSpec:
        """What a definition says of it."""
        said: dict[str, Any] = {
            "kind": "github",
            "repository": RepositoryName(NAME),
            "workflow": WorkflowPath(WORKFLOW),
            "api": WebAddress(self.github.api),
        }
        return GitHubSpec(**(said | changes))

    def source(self, choice: Choice | None = None, **changes: Any) -> GitHubSource:
        """A source that has asked nothing yet."""
        return GitHubSource(self.spec(**changes), choice or Choice(), self.access, self.reporter)

    @property
    def access(self) -> Access:
        """The way there; who sleeps on it sleeps by the test's clock."""
        return Access(
            now=lambda: self.time,
            token=Secret(self.token) if self.token else None,
            sleep=self._sleep,
            stopping=self.stopping,
        )

    def resolve(
        self,
        choice: Choice | None = None,
        rule: ArtifactRule | None = None,
        module: ModuleSpec | None = None,
        target: Target = TARGET,
        **changes: Any,
    ) -> Artifact:
        """What is locked of the module web."""
        rule = rule or ArtifactRule(name=Line("web-{version}.zip"))
        return self.source(choice, **changes).resolve(module or make_module(), rule, target)

    def get(self, artifact: Artifact, **changes: Any) -> Path:
        """Have it in the cache."""
        return Cache(self.cache).get(artifact, self.source(**changes), NoMeter())

    @property
    def kept(self) -> list[Path]:
        """Every file in the cache."""
        return [path for path in self.cache.rglob("*") if path.is_file()]

    def _sleep(self, _: threading.Event, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
        self.time += seconds


@contextmanager
def open_hub(root: Path, cache: str = "cache") -> Iterator[Hub]:
    """A hub with its cache below ``root``; afterwards, neither side has broken GitHub's contract, and the token was
    told to nobody else.
    """
    world = World(tokens={CANARY: True, POWERLESS: False})
    with GitHub(world) as github, caged(github, root):
        hub = Hub(github, root / cache)
        yield hub
    assert github.broken == []
    assert not tells("".join(hub.reporter.told))
