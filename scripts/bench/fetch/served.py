"""The tests' GitHub in a process of its own, with artifacts to fetch. It serves until its stdin ends."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import tomli_w

from tests.github.line import Line
from tests.github.server import GitHub
from tests.github.world import WORKFLOW, Stored, World

REPOSITORY = "acme/bench"
TAG = "v1.0"
NUMBER = 11
SIZE = 30_000_000
LATENCY = 0.02
"""Seconds before each answer."""
TOKEN = "ghs_canary_0123456789abcdef"  # noqa: S105  # the one that the tests' world knows


def main() -> None:
    """Write the definition and what curl is to copy, say so, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rate", type=float, default=0.0, help="bytes a second; 0: as fast as it goes")
    arguments = parser.parse_args()
    world = World()
    names = [f"module{number}" for number in range(NUMBER)]
    with GitHub(world, latency=LATENCY, checked=False) as github:
        github.line = Line(arguments.rate)
        _fill(world, github, names)
        write_definition(arguments.directory, github.api, names)
        lines = (f'url = "{github.storage}/{name}"\noutput = "{name}"\n' for name in names)
        (arguments.directory / "curl.conf").write_text("".join(lines))
        print("ready", flush=True)
        sys.stdin.read()


def _fill(world: World, github: GitHub, names: list[str]) -> None:
    """One good run with an artifact of each name; the same bytes are to be had without asking the API."""
    repository = world.repository(REPOSITORY)
    repository.tag(TAG)
    run = repository.run(TAG)
    for name in names:
        content = os.urandom(SIZE)
        repository.artifact(run, f"{name}-1.0.bin", content)
        github.files[f"/{name}"] = Stored(content=content)


def write_definition(directory: Path, api: str, names: list[str]) -> None:
    """A module for each artifact, which is a file and no archive."""
    main = {
        "targets": ["bookworm/amd64"],
        "archive": {
            **{"name": "bench", "origin": "bench", "label": "bench", "description": "Artifacts to measure with"},
            **{"uri": "http://127.0.0.1/", "maintainer": "bench <bench@example.invalid>", "architectures": ["amd64"]},
        },
        "signing": {"public_key": "archive.asc"},
        "source": {"kind": "github", "repository": REPOSITORY, "workflow": WORKFLOW, "api": api},
    }
    (directory / "modules").mkdir()
    (directory / "katpkg.toml").write_text(tomli_w.dumps(main))
    for name in names:
        module = {
            **{"package": f"bench-{name}", "summary": name, "description": "To measure with."},
            **{"license": "EUPL-1.2", "copyright": "2026 nobody"},
            "artifact": {"name": f"{name}-{{version}}.bin"},
            "payload": {"kind": "tree", "copies": [{"source": f"{name}-1.0.bin", "to": f"/usr/share/bench/{name}"}]},
        }
        (directory / "modules" / f"{name}.toml").write_text(tomli_w.dumps(module))


if __name__ == "__main__":
    main()
