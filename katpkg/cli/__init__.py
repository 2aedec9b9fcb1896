"""The command line: one module per command, one boundary where errors become words and an exit code.

Nothing heavy is imported here: a command's module is loaded when it is called or when ``--help`` lists it, and what a
command needs is imported inside it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from katpkg import __version__
from katpkg.cli.boundary import Boundary
from katpkg.cli.environment import Session

COMMANDS = (
    "init",
    "plan",
    "fetch",
    "build",
    "publish",
    "promote",
    "history",
    "rollback",
    "remove",
    "prune",
    "refresh",
    "explain",
    "optimize",
    "rpm",
    "verify",
    "config",
    "key",
)


class Commands(Boundary):
    """The group whose commands are modules beside this file, in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The click command ``cmd_name`` of the module of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"katpkg.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where katpkg.toml lies; default: the nearest one upwards, else repo/.",
)
@click.option("--json", "as_json", is_flag=True, help="Results as JSON on stdout, errors too.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
@click.version_option(__version__, message="katpkg %(version)s")
@click.pass_context
def katpkg(ctx: click.Context, directory: Path | None, *, as_json: bool, verbose: bool) -> None:
    """From the artifacts of CI to a signed apt archive, and from `apt install` to a working system.

    \b
        katpkg fetch      find the artifacts and lock them
        katpkg build      verify them and make packages
        katpkg publish    put the packages into the archive

    Results go to stdout, narration to stderr. Exit codes: 0 done, 1 a bug, 2 wrong usage, 3 definition, 4 artifacts,
    5 building, 6 signing, 7 archive, 8 store, 9 a program that katpkg calls.
    """
    ctx.obj = Session(start=directory, json=as_json, verbose=verbose)
