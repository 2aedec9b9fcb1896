"""Relations of Debian's syntax as RPM has them."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.config.project import load_project
from katpkg.errors import BuildError
from katpkg.model.module import Relations
from katpkg.model.names import AbsolutePath, Line
from katpkg.model.package import VirtualEnvironment
from katpkg.packages.rpm.names import Names
from katpkg.packages.rpm.relations import TAGS, tags, translate
from katpkg.packages.venv import python_depends
from tests.builders import EL9, make_spec, make_target

ROOT = Path(__file__).parents[4]
TARGETS = '["el9/x86_64", "fedora42/x86_64"]'
NAMES = Names(own={"kat-web"}, others={"adduser": "", "libpq5": "libpq", "cron": "cronie"})

TRANSLATED = {
    "kat-web": "kat-web",
    "kat-web (= 1.0-1.el9)": "kat-web = 1.0-1.el9",
    "libpq5 (>= 15)": "libpq >= 15",
    "libpq5 (<< 16)": "libpq < 16",
    "cron|libpq5(>>1)": "(cronie or libpq > 1)",
    "adduser": "",
    "adduser (>= 3)": "",
    "adduser | cron": "",
    "libc6 (>= 2.17)": "libc.so.6(GLIBC_2.17)(64bit)",
}


@pytest.mark.parametrize("relation", TRANSLATED)
def test_a_relation_is_translated(relation: str) -> None:
    unknown: list[str] = []
    assert translate(relation, NAMES, unknown) == TRANSLATED[relation]
    assert unknown == []


@pytest.mark.parametrize("relation", ["kat-web:any", "cron [amd64]", "cron (>= )", "%{evil}", ""])
def test_what_cannot_be_said_is_refused(relation: str) -> None:
    with pytest.raises(BuildError, match="is no relation that RPM has a word for"):
        translate(relation, NAMES, [])


def test_every_unknown_name_is_told_at_once_and_none_is_guessed() -> None:
    relations = Relations(depends=(Line("libfoo1, cron"), Line("libbar2 | libfoo1")), suggests=(Line("baz-tool"),))
    with pytest.raises(BuildError) as caught:
        tags(make_spec(target=make_target(EL9), relations=relations), NAMES)
    assert caught.value.message == "nobody knows what el9 calls libfoo1, libbar2, baz-tool"
    assert caught.value.hint == 'say it in katpkg.toml: [release.el9] names = ["libfoo1 = NAME"]'


@pytest.mark.parametrize("definition", ["repo", "repo/wheels"])
def test_all_that_the_archive_of_this_project_asks_for_has_a_name_in_el_and_fedora(
    definition: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "repo", tmp_path / "repo")
    main = tmp_path / definition / "katpkg.toml"
    main.write_text(re.sub(r"^targets = .*", f"targets = {TARGETS}", main.read_text(), flags=re.MULTILINE))
    project = load_project(main.parent).project
    asked: list[str] = []
    unknown: list[str] = []
    for target in project.targets:
        names = Names.of(target.release, project.packages)
        modules = project.modules[target.codename]
        lines = [line for each in modules for field in TAGS for line in getattr(each.relations, field)]
        asked += [translate(each.strip(), names, unknown) for line in lines for each in line.split(",")]
    assert unknown == []
    assert {"pango", "java-headless", "postgresql"} <= set(asked)


def test_an_environment_asks_for_its_interpreter_whatever_the_package_is_called() -> None:
    environment = VirtualEnvironment(
        path=AbsolutePath("/opt/venvs/kat-web"), interpreter=AbsolutePath("/usr/bin/python3.12")
    )
    target = make_target(EL9)
    relations = Relations(depends=(*python_depends(target), Line("cron")))
    spec = make_spec(target=target, relations=relations, virtual_environment=environment)
    assert tags(spec, NAMES) == (
        ("Requires", "python(abi) = 3.12"),
        ("Requires", "/usr/bin/python3.12"),
        ("Requires", "cronie"),
    )


def test_breaks_are_conflicts_and_replaces_is_nothing() -> None:
    relations = Relations(
        breaks=(Line("kat-web (<< 2)"),), replaces=(Line("kat-web (<< 2)"),), provides=(Line("cron"),)
    )
    found = tags(make_spec(target=make_target(EL9), relations=relations), NAMES)
    assert found == (("Conflicts", "kat-web < 2"), ("Provides", "cronie"))


def test_what_the_definition_says_wins_over_the_table_that_is_shipped() -> None:
    assert Names.of(EL9, ()).others["libpango-1.0-0"] == "pango"
    release = replace(EL9, names=(Line("libpango-1.0-0 = other"), Line("libnew=new"), Line("cron =")))
    others = Names.of(release, ()).others
    assert (others["libpango-1.0-0"], others["libnew"], others["cron"]) == ("other", "new", "")
