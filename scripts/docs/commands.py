"""docs/reference/cli.md, from the commands themselves: a new one is in it without being told."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from katpkg.cli import katpkg
from scripts.docs.markdown import code, page, prose, table

INTRODUCTION = """\
<!-- Written by `make docs` from the commands themselves. -->

Results go to stdout, narration to stderr; what an exit status means is told in [exit codes](exit-codes.md). Options of
`katpkg` itself stand before the command: `katpkg -C repo build`."""


def commands_page() -> str:
    """The whole page."""
    root = click.Context(katpkg, info_name="katpkg", **katpkg.context_settings)
    return page("# Commands", INTRODUCTION, *(part for ctx in commands(root) for part in _section(ctx)))


def commands(ctx: click.Context) -> Iterator[click.Context]:
    """The command of ``ctx`` and all below it, each in its context."""
    yield ctx
    if isinstance(ctx.command, click.Group):
        for name in ctx.command.list_commands(ctx):
            command = ctx.command.get_command(ctx, name)
            if command is not None and not command.hidden:
                yield from commands(click.Context(command, info_name=name, parent=ctx))


def _section(ctx: click.Context) -> Iterator[str]:
    yield f"## {ctx.command_path}"
    yield f"    {ctx.command_path} {' '.join(ctx.command.collect_usage_pieces(ctx))}"
    yield from _paragraphs(inspect.cleandoc(ctx.command.help or ""))
    shown = ctx.command.params if ctx.parent else ctx.command.get_params(ctx)  # --help is told once
    options = [each for each in shown if isinstance(each, click.Option) and not each.hidden]
    yield table(("option", "meaning"), ((_name(each, ctx), _meaning(each)) for each in options))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n{2,}", text):
        first, _, rest = paragraph.partition("\n")
        if first == "\b":  # click's mark for lines that stay as they are
            yield "\n".join(f"    {line}" for line in inspect.cleandoc(rest).splitlines())
        else:
            yield prose(paragraph)


def _name(option: click.Option, ctx: click.Context) -> str:
    names = ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))
    return names if option.is_flag else f"{names} {code(option.make_metavar(ctx))}"


def _meaning(option: click.Option) -> str:
    words = [prose(option.help or "")]
    if option.required:
        words.append("Required.")
    if isinstance(option.default, str) and option.default:
        words.append(f"Default: {code(option.default)}.")
    return " ".join(words)
