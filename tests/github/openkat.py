"""Upstream's GitHub as it is after the push of a tag: real, small packages under the names of openkat.json."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.builders import make_deb, make_tar
from tests.github.world import Repository, World

PICTURE: dict[str, Any] = json.loads((Path(__file__).parent / "openkat.json").read_text())
VERSION: str = PICTURE["version"]
ARTIFACTS: frozenset[str] = frozenset(
    f"kat-{module}_{VERSION}_{dist}.deb" for dist, modules in PICTURE["modules"].items() for module in modules
)


def make_openkat(world: World, directory: Path) -> Repository:
    """The repository, its run with eleven artifacts, the runs of look-alikes, and the release; packages are made in
    ``directory``.
    """
    repository = world.repository(PICTURE["repository"])
    repository.tag(PICTURE["tag"])
    run = repository.run(PICTURE["tag"], path=PICTURE["workflow"])
    packages = {
        (dist, module): _package(directory / dist / module, module, PICTURE["python"][dist])
        for dist, modules in PICTURE["modules"].items()
        for module in modules
    }
    for (dist, module), package in packages.items():
        repository.artifact(run, f"kat-{module}_{VERSION}_{dist}.deb", _zipped(package))
    for workflow, names in PICTURE["look_alikes"].items():
        other = repository.run(PICTURE["tag"], path=workflow)
        for name in names:
            repository.artifact(other, name, b"look-alike")
    assets = {name: _asset(directory / name, what, packages) for name, what in PICTURE["assets"].items()}
    repository.release(PICTURE["tag"], assets)
    _others(world, directory)
    return repository


def _others(world: World, directory: Path) -> None:
    other = PICTURE["others"]
    repository = world.repository(other["repository"])
    repository.tag(other["tag"])
    package = _package(directory / "other", "", "", Package="xtdb-http-multinode", Version="1.1.2", Architecture="all")
    repository.release(other["tag"], {other["asset"]: package.read_bytes()})


def _package(directory: Path, module: str, python: str, **changes: str) -> Path:
    directory.mkdir(parents=True)
    is_all = module in PICTURE["all"]
    control = {
        "Package": f"kat-{module}",
        "Version": VERSION,
        "Architecture": "all" if is_all else "amd64",
        "Depends": "python3" if is_all else f"python{python}",
    }
    return make_deb(directory, control | changes, compression="gzip")


def _zipped(package: Path) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(package, package.name)
    return file.getvalue()


def _asset(path: Path, what: str, packages: dict[tuple[str, str], Path]) -> bytes:
    if what in PICTURE["all"]:
        return packages["debian12", what].read_bytes()
    members = {
        f"./{package.name}": package.read_bytes()
        for (dist, module), package in packages.items()
        if dist == what and module not in PICTURE["all"]
    }
    return make_tar(path, members).read_bytes()
