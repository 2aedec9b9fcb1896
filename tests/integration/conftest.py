"""A small archive: one module of each kind, made without network, built in seconds."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from katpkg.model.digests import Digest
from tests.builders import make_wheel, make_zip
from tests.conftest import Definition, make_definition

WEB = """\
package = "kat-web"
summary = "module of a wheel and of one that it needs"
description = "It is made for a test."
license = "EUPL-1.2"
copyright = "2026 the katpkg contributors"

[artifact]
name = "web-{version}.zip"

[payload]
kind = "wheel"
wheel = "web-*.whl"
"""
MODULES = '["common", "kinto", "flower", "hello", "notes", "courier", "page", "greeting"]'
FILES = {
    "web/__init__.py": "",
    "web/cli.py": "def main():\n    print('web')\n",
    "web/templates/index.html": "<p>web</p>\n",
    "tests/test_web.py": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A definition and its artifacts below one directory, to be changed at will."""

    root: Path

    @property
    def definition(self) -> Definition:
        """The definition."""
        return Definition(directory=self.root / "definition")

    @property
    def artifacts(self) -> Path:
        """Where its artifacts lie."""
        return self.root / "artifacts"

    @property
    def lock(self) -> Path:
        """Its katpkg.lock."""
        return self.root / "definition" / "katpkg.lock"

    @property
    def packages(self) -> Path:
        """What was built for bookworm."""
        return self.root / "packages" / "bookworm"

    @property
    def public(self) -> Path:
        """What was published."""
        return self.root / "public"

    def copy(self, to: Path) -> Small:
        """The same elsewhere: paths in a definition are relative to it."""
        shutil.copytree(self.root, to, symlinks=True)
        return Small(root=to)


def web_artifact(
    directory: Path,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
    scripts: str = "web = web.cli:main",
    lock: str | None = None,
) -> Path:
    """The zip of a wheel, of another that it needs, and of a lock that names that one."""
    work = directory / f".wheels-{version}"
    work.mkdir()
    web = make_wheel(
        work, name="web", version=version, files=FILES if files is None else files, tag=tag, scripts=scripts
    )
    needed = make_wheel(work, name="needed", version="2.0", files={"needed.py": "GIVEN = True\n"}, scripts="")
    if lock is None:
        lock = f"needed==2.0 --hash=sha256:{Digest.of(needed).sha256}\n"
    wheels = {wheel.name: wheel.read_bytes() for wheel in (web, needed)}
    shutil.rmtree(work)
    return make_zip(directory / f"web-{version}.zip", {**wheels, "requirements.txt": lock.encode()})


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The wheels of the small archive lie beside each other, so nobody need be asked for them."""
    if "small_master" in request.fixturenames:
        monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture(scope="session")
def small_master(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> Small:
    """The small archive's definition, fetched; ``small`` is a copy of it."""
    small = Small(root=tmp_path_factory.mktemp("small"))
    small.artifacts.mkdir()
    for name in ("page-1.0.tar.gz", "demo-greeting_1.0-1_all.deb", "kat-hello_1.2.0~rc1_bookworm.zip"):
        shutil.copy2(demo_artifacts / name, small.artifacts)
    web_artifact(small.artifacts)
    definition = make_definition(small.root, Path("../artifacts"), "bookworm")
    for name in ("common", "core", "courier", "flower", "kinto", "notes", "worker"):
        (definition.directory / "modules" / f"{name}.toml").unlink()
    (definition.directory / "modules/web.toml").write_text(WEB)
    definition.edit("modules/kat.toml", MODULES, '["web", "hello", "page", "greeting"]')
    definition.edit("modules/kat.toml", "= kinto", "= web")
    definition.katpkg("fetch")
    return small


@pytest.fixture(scope="session")
def small_built(small_master: Small, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small archive, built; never to be changed."""
    small = small_master.copy(tmp_path_factory.mktemp("small-built") / "archive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_OFFLINE", "1")
        small.definition.katpkg("build", "--no-lintian")
    return small


@pytest.fixture(scope="session")
def small_published(small_built: Small, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small archive, built and published; never to be changed."""
    small = small_built.copy(tmp_path_factory.mktemp("small-published") / "archive")
    small.definition.katpkg("publish")
    return small


@pytest.fixture
def small(small_master: Small, tmp_path: Path) -> Small:
    """The small archive, fetched, for one test to do with as it likes."""
    return small_master.copy(tmp_path / "small")


@pytest.fixture
def built(small_built: Small, tmp_path: Path) -> Small:
    """The small archive, built, for one test."""
    return small_built.copy(tmp_path / "small")


@pytest.fixture
def published_small(small_published: Small, tmp_path: Path) -> Small:
    """The small archive, published, for one test."""
    return small_published.copy(tmp_path / "small")
