"""Writing a first definition into a directory that has none: all of its files, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import tomli_w

from katpkg.errors import ConfigError
from katpkg.model.source import GitHubSpec
from katpkg.pipeline.draft import MAIN, Tree
from katpkg.sources.workplace import workplace

HEADER = """\
# A first definition, after what {repository} left behind. Read it all before the first publication: the archive's
# name, origin and label, and the names of packages, never change once somebody uses them. uri and maintainer are yours
# to set. Then: katpkg key new, katpkg plan, katpkg fetch.

"""
MODULE = """\
# After artifacts named {name}. Its summary, description, license and copyright are yours to write.

"""


def render(files: Mapping[str, Tree], spec: GitHubSpec) -> dict[str, str]:
    """``files`` as they are written, each with a word to its reader."""
    texts = {}
    for path, tree in files.items():
        main = HEADER.format(repository=spec.repository)
        header = main if path == MAIN else MODULE.format(name=tree["artifact"]["name"])
        texts[path] = header + tomli_w.dumps(tree)
    return texts


def write(directory: Path, texts: Mapping[str, str]) -> None:
    """Write ``texts`` below ``directory``: all of them, or none. Raises ConfigError when one is there already."""
    for path in (MAIN, *texts):
        if (directory / path).exists():
            raise _there(directory, path)
    with workplace(directory, "init") as place:
        for path, text in texts.items():
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_text(text, "utf-8")
        _link(sorted(texts, key=lambda path: path == MAIN), place, directory)  # it is what makes it a definition


def _link(paths: Sequence[str], place: Path, directory: Path) -> None:
    with ExitStack() as undo:
        for path in paths:
            (directory / path).parent.mkdir(exist_ok=True)
            try:
                os.link(place / path, directory / path)
            except FileExistsError as error:  # somebody wrote it meanwhile
                raise _there(directory, path) from error
            undo.callback((directory / path).unlink)
        undo.pop_all()


def _there(directory: Path, path: str) -> ConfigError:
    return ConfigError(
        f"there is a {path} already, and nothing is written over it",
        where=str(directory / path),
        hint="katpkg -C ANOTHER-DIRECTORY init …, and take from it what you need",
    )
