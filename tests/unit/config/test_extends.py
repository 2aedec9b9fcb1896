"""A definition that extends another one: facts stand once, and what is said above them wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.config.project import load_project
from katpkg.errors import ConfigError
from tests.definitions import MAIN, WEB, load, write

ROOT = Path(__file__).parent.parent.parent.parent

UPPER = """
extends = "../lower"
targets = ["trixie/amd64"]

[archive]
label = "Other"

[build]
cache = "cache"
"""

DEB = """
[artifact]
name = "kat-web_{version}.deb"

[payload]
kind = "deb"
repack = true
"""


def extend(directory: Path, upper: str = UPPER, **modules: str) -> Path:
    """A definition over another one, which has a module ``web`` from a wheel with a file of its own."""
    lower = write(directory / "lower", MAIN + '\n[source]\npath = "artifacts"\n')
    (lower / "files").mkdir()
    (lower / "files/web.ini").write_text("lower")
    with (lower / "modules/web.toml").open("a") as file:
        file.write('\n[[files]]\npath = "/usr/lib/kat/web.ini"\nsource = "web.ini"\n')
    return write(directory / "upper", upper, **(modules or {"web": DEB}))


def test_a_definition_is_laid_over_the_one_that_it_extends(tmp_path: Path) -> None:
    loaded = load_project(extend(tmp_path))
    project = loaded.project
    assert (project.archive.label, project.archive.origin) == ("Other", "Test")
    assert [str(target) for target in project.targets] == ["trixie/amd64"]
    (module,) = project.modules[project.targets[0].codename]
    assert module.artifact is not None
    assert (module.package, module.artifact.name) == ("kat-web", "kat-web_{version}.deb")
    assert loaded.origins["archive", "label"] == "katpkg.toml"
    assert loaded.origins["archive", "origin"] == "../lower/katpkg.toml"
    assert loaded.origins["modules", "trixie", "web", "payload", "repack"] == "modules/web.toml"
    assert loaded.origins["modules", "trixie", "web", "package"] == "../lower/modules/web.toml"


def test_a_table_of_another_kind_takes_the_place_of_the_whole(tmp_path: Path) -> None:
    web = WEB.replace('kind = "wheel"', 'kind = "wheel"\nlock = "only-wheels-have-one.txt"')
    project = load(tmp_path, web=f'{web}\n[target.trixie.payload]\nkind = "deb"').project
    kinds = {codename: modules[0].payload.kind for codename, modules in project.modules.items()}
    assert kinds == {"bookworm": "wheel", "trixie": "deb"}


def test_a_path_begins_where_the_file_lies_that_says_it(tmp_path: Path) -> None:
    project = load_project(extend(tmp_path)).project
    assert project.signing.public_key == tmp_path / "lower/keys/archive.asc"
    assert project.build.cache == tmp_path / "upper/cache"
    assert project.build.directory == tmp_path / "upper/build"
    assert project.lock_file == tmp_path / "upper/katpkg.lock"


def test_a_file_is_that_of_the_definition_or_else_of_the_one_it_extends(tmp_path: Path) -> None:
    upper = extend(tmp_path)
    assert load_project(upper).project.file("web.ini").read_text() == "lower"
    (upper / "files").mkdir()
    (upper / "files/web.ini").write_text("upper")
    assert load_project(upper).project.file("web.ini").read_text() == "upper"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('extends = "../nowhere"', "there is no other definition there"),
        ('extends = "."', "there is no other definition there"),
        ("extends = 1", "expected the directory of another definition, got 1"),
        ('extends = "../upper2"', "../upper2/katpkg.toml extends another one itself"),
    ],
)
def test_what_cannot_be_extended_is_said(line: str, message: str, tmp_path: Path) -> None:
    upper = extend(tmp_path, UPPER.replace('extends = "../lower"', line))
    write(tmp_path / "upper2", UPPER)
    with pytest.raises(ConfigError) as caught:
        load_project(upper)
    assert caught.value.message == message
    assert caught.value.where == "katpkg.toml: extends"


def test_the_archive_that_is_defined_here_can_be_built_from_wheels_for_more_targets() -> None:
    base, wheels = (load_project(ROOT / name).project for name in ("repo", "repo/wheels"))
    assert {str(target) for target in wheels.targets} >= {"bookworm/arm64", "trixie/amd64"}
    for codename, modules in wheels.modules.items():
        kinds = {str(module.name): module.payload.kind for module in modules}
        of_python = {"boefjes", "bytes", "cveapi", "mula", "octopoes", "rocky"}
        assert {name for name, kind in kinds.items() if kind == "wheel"} == of_python, codename
    assert wheels.packages == base.packages
    assert wheels.archive == base.archive
