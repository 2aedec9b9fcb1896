"""``katpkg config``: what a definition says, and what it may say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from katpkg.cli.environment import Session

if TYPE_CHECKING:
    from katpkg.config.project import Loaded


@click.group
def config() -> None:
    """Show the definition, or the schema of its files."""


@config.command
@click.pass_obj
def show(session: Session) -> None:
    """Show the effective definition, each value with its file."""
    loaded = session.load()
    session.result(
        list(_lines(loaded)),
        values=loaded.values,
        origins={_shown(path): origin for path, origin in loaded.origins.items() if origin},
    )


@config.command
@click.option("--for", "which", type=click.Choice(["katpkg", "module"]), default="katpkg", help="Of which file.")
def schema(which: str) -> None:
    """Print the JSON Schema of katpkg.toml, or of a module's file."""
    from katpkg.config.schema import main_schema, module_schema

    click.echo(json.dumps(main_schema() if which == "katpkg" else module_schema(), indent=2))


def _lines(loaded: Loaded) -> Iterator[str]:
    from katpkg.config.layers import leaves, origin_of

    for path, value in leaves(loaded.values):
        text = f"{_shown(path)} = {json.dumps(value, ensure_ascii=False, default=str)}"
        origin = origin_of(path, loaded.origins)
        yield f"{text}  {click.style(f'# {origin}', dim=True)}" if origin else text


def _shown(path: tuple[str | int, ...]) -> str:
    from katpkg.config.layers import shown

    return shown(path)
