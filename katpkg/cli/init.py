"""``katpkg init``: write a first definition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session
from katpkg.cli.options import dry_run_option

if TYPE_CHECKING:
    from katpkg.model.source import GitHubSpec
    from katpkg.pipeline.draft import Known, Tree


@click.command
@click.option(
    "--from-github", "repository", metavar="OWNER/REPO", required=True, help="Whose runs and releases to look at."
)
@click.option(
    "--api", metavar="URL", default=None, help="Where its API is, for GitHub Enterprise: https://HOST/api/v3."
)
@dry_run_option
@click.pass_obj
def init(session: Session, *, repository: str, api: str | None, dry_run: bool) -> None:
    """Write a first definition, after what a repository left behind.

    It is a repository on GitHub, and of that the workflow whose artifacts look most like packages, or else the newest
    release; module by module, with {version} and the target's placeholders where their names have them. It is a
    beginning: what names do not tell is yours to write. Files go to the directory of `katpkg -C DIR`, else to this
    one; nothing is ever written over.

    The token comes from GITHUB_TOKEN, GH_TOKEN or KATPKG_GITHUB_TOKEN; public repositories do without.
    """
    from katpkg.pipeline.draft import draft
    from katpkg.pipeline.init import render, write
    from katpkg.sources.github.survey import Survey

    spec = _spec(repository, api)
    directory = session.start.resolve()
    session.reporter.step(f"looking at {spec.repository}")
    survey = Survey(spec, session.access, session.reporter)
    files = draft(spec, survey.runs(), survey.releases(), _known())
    texts = render(files, spec)
    _check(directory, files)
    if not dry_run:
        write(directory, texts)
    session.reporter.note("read it, and complete what names do not tell; then: katpkg key new, katpkg plan")
    session.result([str(directory / path) for path in texts], dry_run=dry_run, files=texts)


def _spec(repository: str, api: str | None) -> GitHubSpec:
    from katpkg.errors import ConfigError
    from katpkg.model.source import GITHUB, GitHubSpec, RepositoryName, WebAddress

    try:
        name, address = RepositoryName(repository), WebAddress(api) if api else GITHUB
    except ValueError as error:
        raise ConfigError(str(error), where="the command line", hint="katpkg init --from-github OWNER/REPO") from error
    return GitHubSpec(kind="github", repository=name, api=address)


def _known() -> list[Known]:
    from katpkg.config.releases import BUILT_IN
    from katpkg.pipeline.draft import Known

    return [
        Known(codename=codename, distribution=release["distribution"], version=release["version"])
        for codename, release in BUILT_IN.items()
        if release.get("format", "deb") == "deb"
    ]


def _check(directory: Path, files: Mapping[str, Tree]) -> None:
    """Judge what is to be written as it will be when it is read. Raises ConfigError: then it is not written."""
    from katpkg.config.layers import Layer
    from katpkg.config.project import make_project
    from katpkg.pipeline.draft import MAIN

    layers = {Path(path).stem: (Layer(name=path, tree=tree),) for path, tree in files.items() if path != MAIN}
    make_project(directory, (Layer(name=MAIN, tree=files[MAIN]),), layers)
