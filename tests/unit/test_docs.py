"""What the pages say is what the code does, and they lead to each other."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from katpkg.cli import katpkg
from katpkg.model.names import Architecture, Component, Sha256, SuiteName
from katpkg.model.target import PackageFormat
from katpkg.repository.apt import layout
from katpkg.repository.rpm import layout as rpm
from scripts.docs.__main__ import PAGES, REFERENCE
from scripts.docs.commands import commands
from scripts.docs.definition import Key, read_schema, tables
from scripts.docs.words import WORDS
from tests.builders import make_package, make_suite
from tests.pages import archive_paths

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
WRITTEN = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
DEFINITIONS = sorted([*ROOT.glob("tests/demo/modules/*.toml"), *ROOT.glob("repo/modules/*.toml")])
TROUBLES = re.findall(r"(?m)^### `(.+)`$", (DOCS / "troubleshooting.md").read_text())


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def links(page: Path) -> Iterator[Path]:
    """Where the links of a page lead inside the repository."""
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield (page.parent / target.partition("#")[0]).resolve()


def keys() -> list[Key]:
    return [key for which in ("katpkg", "module") for table in tables(read_schema(which)) for key in table.keys]


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_pages_are_what_the_code_says_now(name: str) -> None:
    assert (REFERENCE / name).read_text() == PAGES[name](), "make docs"


def test_every_command_and_every_option_says_what_it_is_for() -> None:
    page = (REFERENCE / "cli.md").read_text()
    for ctx in commands(click.Context(katpkg, info_name="katpkg")):
        assert f"## {ctx.command_path}\n" in page
        assert ctx.command.help, ctx.command_path
        silent = [each.name for each in ctx.command.params if isinstance(each, click.Option) and not each.help]
        assert silent == [], ctx.command_path


def test_every_key_of_a_definition_says_what_it_means() -> None:
    assert [key.path for key in keys() if not key.meaning] == []


def test_words_about_a_key_stand_in_one_place() -> None:
    said = {key.path: key.said for key in keys()}
    known = {path for path in WORDS if not path.startswith("{")}
    assert known <= set(said)
    assert [path for path in known if said[path]] == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=named)
def test_every_key_that_a_real_module_uses_is_in_the_reference(path: Path) -> None:
    page = (REFERENCE / "definition.md").read_text()
    assert [key for key in tomllib.loads(path.read_text()) if f"| `{key}` |" not in page] == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    found = {ROOT / "README.md"}
    new = set(found)
    while new:
        ends = {target for page in new for target in links(page)}
        inside = {page for end in ends for page in (end.rglob("*.md") if end.is_dir() else [end])}
        new = {page for page in inside if page.suffix == ".md"} - found
        found |= new
    assert sorted(set(WRITTEN) - found) == []


def test_every_make_target_that_a_page_names_is_one() -> None:
    known = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    for page in WRITTEN:
        assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= known, page


def messages() -> Iterator[re.Pattern[str]]:
    """What the errors in the code may say: whatever is given to an exception first, its values left open."""
    for path in (ROOT / "katpkg").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Name):
                yield re.compile(_open(node.args[0]))


def _open(text: ast.expr) -> str:
    match text:
        case ast.Constant(str(value)):
            return re.escape(value)
        case ast.JoinedStr(parts) if sum(len(_open(part)) for part in parts if isinstance(part, ast.Constant)) > 6:
            return "".join(_open(part) for part in parts)
        case ast.FormattedValue():
            return ".+"
        case _:
            return "(?!)"


@pytest.mark.parametrize("message", TROUBLES)
def test_trouble_is_told_by_a_message_that_the_code_has(message: str) -> None:
    assert any(pattern.fullmatch(message) for pattern in messages())


def test_every_path_of_the_layout_is_documented(tmp_path: Path) -> None:
    suite, sha256 = SuiteName("bookworm-testing"), Sha256("0" * 64)
    index = layout.packages(Component("main"), Architecture("amd64"))
    contents = layout.contents(Component("main"), Architecture("amd64"))
    generation = layout.generation_name(datetime(2026, 11, 26, tzinfo=UTC), sha256)
    paths = [
        layout.pool(make_suite(), make_package(tmp_path)),
        *(layout.dists(suite, name) for name in ("InRelease", "Release", "Release.gpg")),
        *(layout.dists(suite, f"{index}{suffix}") for suffix in (".gz", ".xz")),
        layout.by_hash(suite, f"{index}.xz", sha256),
        layout.dists(suite, f"{contents}.gz"),
        layout.by_hash(suite, f"{contents}.gz", sha256),
        layout.dists(suite, layout.patch_index(index)),
        layout.by_hash(suite, layout.patch_index(index), sha256),
        layout.patch(suite, index, generation),
        layout.generation(suite, generation),
        rpm.pool(make_suite(), replace(make_package(tmp_path), format=PackageFormat.RPM)),
        rpm.mirrorlist(suite),
        rpm.repomd(suite, generation),
        f"{rpm.repomd(suite, generation)}.asc",
        f"{rpm.generation(suite, generation)}{rpm.metadata('primary', sha256)}",
        rpm.replaced(suite, generation),
    ]
    documented = archive_paths()
    matching = [[known.pattern for known in documented if known.fullmatch(path)] for path in paths]
    assert all(len(found) == 1 for found in matching), dict(zip(paths, matching, strict=True))
    assert {found[0] for found in matching} == {known.pattern for known in documented}


def test_every_known_defect_has_a_verdict_and_the_tests_that_are_named_exist() -> None:
    page = (DOCS / "openkat-defects.md").read_text()
    rows = re.findall(r"(?m)^\| ([A-E])(\d+) \| .* \| (gone|by definition|not yet) \| .*\|$", page)
    last = {"A": 14, "B": 10, "C": 13, "D": 20, "E": 8}
    assert [(letter, int(number)) for letter, number, _ in rows] == [
        (letter, number) for letter, most in last.items() for number in range(1, most + 1)
    ]
    told = dict(re.findall(r"(?m)^\| (gone|by definition|not yet) \| [^|]*\| (\d+) \|$", page))
    assert {verdict: int(count) for verdict, count in told.items()} == Counter(verdict for _, _, verdict in rows)
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in re.findall(r"`(test_\w+)`", page) if f"def {name}(" not in tests] == []
