"""Debian's gh against the server, in a network and mount namespace of its own: python -m tests.github.gh DIRECTORY.

gh speaks plain HTTP to api.github.localhost:80 and to nobody else, so that is what the server is called there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.github.canary import CANARY
from tests.github.openkat import PICTURE, make_openkat
from tests.github.server import GitHub
from tests.github.world import World

HOSTS = "127.0.0.1 localhost github.localhost api.github.localhost\n"


def main(directory: Path) -> None:
    """Print what gh saw and whether anybody broke the contract, as JSON."""
    (directory / "hosts").write_text(HOSTS)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", directory / "hosts", "/etc/hosts"], check=True)
    world = World()
    repository = make_openkat(world, directory / "packages")
    name, run = f"github.localhost/{repository.name}", str(next(iter(repository.runs)))
    with GitHub(world, port=80) as github:
        _gh(directory, "run", "download", run, "--repo", name, "--dir", "artifacts")
        _gh(directory, "release", "download", PICTURE["tag"], "--repo", name, "--dir", "assets")
        pages = _gh(directory, "api", "--paginate", f"repos/{repository.name}/actions/runs/{run}/artifacts?per_page=4")
    sys.stdout.write(
        json.dumps(
            {
                "artifacts": sorted(path.name for path in (directory / "artifacts").iterdir()),
                "files": sorted({path.name for path in (directory / "artifacts").rglob("*.deb") if path.is_file()}),
                "assets": sorted(path.name for path in (directory / "assets").iterdir()),
                "pages": pages.count('"total_count"'),
                "broken": [str(error) for error in github.broken],
                "told": sorted({heard.host for heard in github.heard if "authorization" in heard.headers}),
            }
        )
    )


def _gh(directory: Path, *words: str) -> str:
    environment = {**os.environ, "GH_HOST": "github.localhost", "GH_TOKEN": CANARY, "HOME": str(directory)}
    done = subprocess.run(["gh", *words], cwd=directory, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
