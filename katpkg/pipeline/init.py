"""Writing a first definition into a directory that has none: all of its files, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
    there = [path for path in (MAIN, *texts) if (directory / path).exists()]
    if there:
        raise ConfigError(
            f"there is a {there[0]} already, and nothing is written over it",
            where=str(directory / there[0]),
            hint="katpkg -C ANOTHER-DIRECTORY init …, and take from it what you need",
        )
    with workplace(directory, "init") as place:
        for path, text in texts.items():
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_text(text, "utf-8")
        for path in sorted(texts, key=lambda path: path == MAIN):  # it is what makes it a definition
            (directory / path).parent.mkdir(exist_ok=True)
            os.link(place / path, directory / path)
