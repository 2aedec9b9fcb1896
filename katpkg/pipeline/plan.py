"""What fetching, building and publishing would do now, package by package. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from katpkg.model.artifact import Artifact
from katpkg.model.module import ModuleSpec
from katpkg.model.project import Project
from katpkg.pipeline.yard import Outcome, State
from katpkg.sources.cache import Cache
from katpkg.sources.lock import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would be done for one package."""

    outcome: Outcome
    module: ModuleSpec | None
    """None for the keyring package, which no module asks for."""
    artifact: Artifact | None
    must_fetch: bool
    """Whether its artifact is still to be brought."""

    @property
    def must_build(self) -> bool:
        """Whether it is still to be built."""
        return self.outcome.state is State.PLANNED

    @property
    def must_publish(self) -> bool:
        """Whether the archive lacks it."""
        return self.outcome.state is not State.PUBLISHED

    @property
    def fans_out(self) -> bool:
        """Whether it can be built by itself on a machine of its own: it needs its artifact and no other package."""
        return self.must_build and self.artifact is not None


def planned(project: Project, lock: Lock, cache: Cache, outcomes: Sequence[Outcome]) -> list[Planned]:
    """``outcomes`` of a build that was only planned, with what they are made of."""
    return list(_planned(project, lock, cache, outcomes))


def matrix(plan: Sequence[Planned]) -> list[dict[str, str]]:
    """The builds of ``plan`` that machines can share out among them, as GitHub Actions' matrix wants them."""
    return [
        {
            "module": str(each.module.name),
            "target": str(each.outcome.target),
            "name": f"{each.module.name}-{each.outcome.target}".replace("/", "-"),
            "codename": str(each.outcome.target.codename),
            "architecture": str(each.outcome.target.architecture),
            "version": str(each.outcome.version),
        }
        for each in plan
        if each.fans_out and each.module is not None
    ]


def _planned(project: Project, lock: Lock, cache: Cache, outcomes: Sequence[Outcome]) -> Iterator[Planned]:
    for outcome in outcomes:
        target = outcome.target
        module = next((each for each in project.modules[target.codename] if each.package == outcome.package), None)
        artifact = lock.get(module.name, target.codename, target.architecture) if module else None
        yield Planned(
            outcome=outcome,
            module=module,
            artifact=artifact,
            must_fetch=outcome.state is State.PLANNED
            and artifact is not None
            and not all(map(cache.has, artifact.all)),
        )
