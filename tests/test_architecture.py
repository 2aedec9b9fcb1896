"""The house's law, read off the code itself: who may import whom, and which stranger may enter which room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from katpkg.errors import FAMILIES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "katpkg"
FILES = sorted(PACKAGE.rglob("*.py"))

ROOMS = {
    "errors": set(),
    "process": {"errors"},
    "report": set(),
    "actions": {"report"},
    "terminal": {"report"},
    "model": {"errors"},
    "config": {"errors", "model"},
    "sources": {"errors", "model", "report"},
    "packages": {"errors", "model", "process", "report", "sources.unpack"},
    "repository": {"errors", "model", "process"},
    "store": {"errors", "model", "report", "repository.publication"},
    "pipeline": {"errors", "model", "process", "report", "sources", "packages", "repository", "store"},
    "cli": {
        "errors",
        "model",
        "process",
        "report",
        "actions",
        "terminal",
        "config",
        "sources",
        "packages",
        "repository",
        "store",
        "pipeline",
    },
    "__main__": {"cli"},
}
"""What each room may import of katpkg, besides itself."""

STRANGERS = {
    "backports": ("packages/deb/plain.py",),
    "boto3": ("store/s3.py",),
    "click": ("cli/",),
    "createrepo_c": ("packages/rpm/", "repository/rpm/"),
    "cryptography": ("sources/attestation.py",),
    "debian": ("packages/deb/debianize.py",),
    "gnupg": ("repository/keys.py",),
    "jinja2": ("packages/templates.py",),
    "packaging": ("model/upstream.py", "packages/"),
    "rich": ("terminal.py",),
    "sigstore": ("sources/attestation.py",),
    "sigstore_models": ("sources/attestation.py",),
    "subprocess": ("process.py",),
    "tomli_w": ("sources/lock.py", "pipeline/init.py"),
    "tomllib": ("config/", "sources/lock.py"),
    "urllib3": ("sources/http.py",),
    "uv": ("packages/",),
}
"""Where each third party, and each door to the outside, may be imported."""

OPENKAT = ("openkat", "rocky", "octopoes", "boefje", "katalogus", "keiko", "xtdb")
"""What this project packages is data under repo/, never a word in its code."""


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_room_imports_only_the_rooms_before_it(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        assert not list(imports(path))
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "katpkg" or len(parts) < 2 or parts[1] in (room, "__version__", "__init__"):
            continue
        allowed = ROOMS[room]
        assert parts[1] in allowed or ".".join(parts[1:3]) in allowed, f"{room} must not import {module}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_stranger_enters_only_its_own_room(path: Path) -> None:
    here = str(path.relative_to(PACKAGE))
    for module in imports(path):
        rooms = STRANGERS.get(module.split(".")[0])
        assert rooms is None or here.startswith(rooms), f"{here} must not import {module}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_only_the_command_line_defers_its_imports(path: Path) -> None:
    """TYPE_CHECKING elsewhere hides a cycle, and a cycle is a type in the wrong place."""
    if room_of(path) not in ("cli", "__main__"):
        assert "TYPE_CHECKING" not in path.read_text()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_packaged_is_data_and_not_code(path: Path) -> None:
    text = path.read_text().lower()
    assert not [word for word in OPENKAT if word in text]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_is_about_one_noun(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250


def test_each_family_of_errors_has_an_exit_code_of_its_own() -> None:
    codes = [family.exit_code for family in FAMILIES]
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2} & set(codes)


def test_every_exit_code_is_documented() -> None:
    reference = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    for family in FAMILIES:
        assert f"| {family.exit_code} | {family.__name__} |" in reference
