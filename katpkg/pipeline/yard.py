"""Where jobs are done: several at once, and none that would make what exists already from equal inputs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum

from katpkg import process
from katpkg.errors import KatpkgError
from katpkg.model.names import Codename, PackageName
from katpkg.model.target import Target
from katpkg.model.version import Version, next_revision, with_revision
from katpkg.pipeline.built import BuildDirectory, Built
from katpkg.pipeline.jobs import Job
from katpkg.pipeline.make import unwritable
from katpkg.pipeline.published import PublishedRelease
from katpkg.report import Reporter
from katpkg.sources.workplace import held


class State(Enum):
    """What came of a job."""

    BUILT = "built"
    KEPT = "kept"
    """It lay in the build directory, made from equal inputs."""
    PUBLISHED = "published"
    """The archive has it, made from equal inputs."""
    PLANNED = "to be built"
    """Nothing was done yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one job."""

    target: Target
    package: PackageName
    version: Version
    state: State
    built: Built | None
    """The file in the build directory; None when only the archive has it."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """Where jobs are done: what exists already, and how many run at once."""

    releases: Mapping[Codename, PublishedRelease]
    directories: Mapping[Codename, BuildDirectory]
    cores: int
    reporter: Reporter

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Do ``jobs``, as many at once as there are cores, and record what was made.

        When one fails, those that run are finished and kept, none is begun, and its error is raised. Another katpkg
        that is at work in the same place is waited for, and what it made is found made.
        """
        with (
            self._alone(),
            self.reporter.progress("packages", len(jobs)) as meter,
            ThreadPoolExecutor(max_workers=self.cores, thread_name_prefix="build") as pool,
        ):
            futures = [pool.submit(self._do, job) for job in jobs]
            try:
                for future in as_completed(futures):
                    outcome = future.result()
                    meter.advance(label=outcome.package)
                    self._tell(outcome)
            except BaseException as error:
                if not isinstance(error, KatpkgError):
                    process.stop_all()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            finally:
                done = list(_results(futures))
                self._record(done)
        return done

    def plan(self, jobs: Sequence[Job]) -> list[Outcome]:
        """What ``run`` would make of ``jobs``. Writes nothing."""
        return [self._planned(job) for job in jobs]

    def _planned(self, job: Job) -> Outcome:
        decided = self.decide(job)
        if isinstance(decided, Outcome):
            return decided
        version = job.upstream if job.is_finished else decided
        return Outcome(target=job.target, package=job.package, version=version, state=State.PLANNED, built=None)

    def recorded(self) -> dict[tuple[Codename, PackageName], Version]:
        """The versions that lie in the build directories."""
        return {
            (codename, each.package): each.version
            for codename, directory in self.directories.items()
            for each in directory.read()
        }

    def decide(self, job: Job) -> Outcome | Version:
        """What exists of ``job`` already, or the version that it is to be built in."""
        published = self.releases[job.target.codename].of(job.package, job.architecture)
        if published and published[-1].inputs == job.inputs:
            newest = published[-1].version
            built = self._find(job, newest)
            return Outcome(target=job.target, package=job.package, version=newest, state=State.PUBLISHED, built=built)
        version, built = self._next(job, [each.version for each in published])
        if built is None:
            return version
        return Outcome(target=job.target, package=job.package, version=built.version, state=State.KEPT, built=built)

    def _next(self, job: Job, taken: list[Version]) -> tuple[Version, Built | None]:
        """The first version after those that are ``taken``, and what was built as such.

        One that was removed, or whose publication was interrupted, is not published but still has a file in the pool:
        it is taken too, unless that file is what was built here.
        """
        release = job.target.release
        while True:
            version = with_revision(job.upstream, next_revision(job.upstream, release, taken), release)
            built = self._find(job, version)
            stored = self.releases[release.codename].stored(job.package, version, job.architecture)
            if job.is_finished or stored in (None, built and built.digest):
                return version, built
            taken = [*taken, version]

    def _do(self, job: Job) -> Outcome:
        decided = self.decide(job)
        if isinstance(decided, Outcome):
            return decided
        began = time.monotonic()
        package = job.make(decided, self._before(job))
        return Outcome(
            target=job.target,
            package=package.name,
            version=package.version,
            state=State.BUILT,
            built=Built.of(package, job.inputs),
            seconds=time.monotonic() - began,
        )

    def _before(self, job: Job) -> tuple[str, ...]:
        return self.releases[job.target.codename].last_members(job.package, job.architecture)

    def _find(self, job: Job, version: Version) -> Built | None:
        directory = self.directories[job.target.codename]
        for built in directory.read():
            same = (built.package, built.architecture, built.inputs) == (job.package, job.architecture, job.inputs)
            if same and (built.version == version or job.is_finished) and built.is_whole(directory.path):
                return built
        return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the build directories, in an order that all agree on."""
        with ExitStack() as stack:
            for _, directory in sorted(self.directories.items()):
                stack.enter_context(alone(directory, self.reporter))
            yield

    def _record(self, done: Sequence[Outcome]) -> None:
        for codename, directory in self.directories.items():
            here = [outcome for outcome in done if outcome.target.codename == codename]
            if not here:
                continue
            try:
                directory.add(outcome.built for outcome in here if outcome.built)
            except OSError as error:
                raise unwritable(directory.path, str(error.strerror)) from error

    def _tell(self, outcome: Outcome) -> None:
        took = f" in {outcome.seconds:.1f} s" if outcome.state is State.BUILT else ""
        self.reporter.note(f"{outcome.package} {outcome.version} ({outcome.target}): {outcome.state.value}{took}")


@contextmanager
def alone(directory: BuildDirectory, reporter: Reporter) -> Iterator[None]:
    """Make ``directory`` and hold it: another katpkg that is at work there is waited for. Raises BuildError."""
    try:
        directory.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(directory.path, str(error.strerror)) from error
    with held(directory.path, lambda: reporter.note("another katpkg is building here; waiting")):
        yield


def _results(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome]:
    """Of those that came to a good end, in the order in which they were begun."""
    for future in futures:
        if future.done() and not future.cancelled() and future.exception() is None:
            yield future.result()
