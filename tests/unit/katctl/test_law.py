"""katctl's own law: it runs where nothing but Debian's python3 is, and knows no product by name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import OPENKAT, imports

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "katctl").glob("*.py"))


def named(path: Path) -> str:
    return path.name


def bodies(path: Path) -> Iterator[tuple[str, int]]:
    """Every function, with the lines of its body."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.body[0].lineno + 1


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_imports_itself_and_what_python_has(path: Path) -> None:
    strangers = {module.split(".")[0] for module in imports(path)} - {"katctl", "__future__"}
    assert strangers <= sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=named)
def test_only_one_file_starts_programs(path: Path) -> None:
    assert ("subprocess" in set(imports(path))) == (path.name == "process.py")


@pytest.mark.parametrize("path", FILES, ids=named)
def test_who_takes_the_lock_looks_anew_at_what_is_there(path: Path) -> None:
    """What was read before may be what another has changed meanwhile: one file knows how, and the others ask it."""
    assert (".alone()" in path.read_text()) == (path.name == "site.py")


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250
    assert [name for name, lines in bodies(path) if lines > 50] == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_knows_no_module_by_name(path: Path) -> None:
    text = path.read_text().lower()
    assert not [word for word in OPENKAT if word in text]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_is_python_of_the_oldest_release_that_it_runs_on(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize("path", sorted((ROOT / "katpkg").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_toolchain_does_not_import_it(path: Path) -> None:
    assert not [module for module in imports(path) if module.split(".")[0] == "katctl"]
