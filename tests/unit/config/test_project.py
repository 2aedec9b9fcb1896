"""The definition: layers, origins, and every mistake told at once, with where it is and what was meant."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from katpkg.config.archive import load_archive
from katpkg.config.files import find_definition
from katpkg.config.project import load_project
from katpkg.config.schema import main_schema, module_schema
from katpkg.errors import ConfigError
from katpkg.model.target import Compression
from tests.definitions import KAT, MAIN, WEB, load, write

ROOT = Path(__file__).parent.parent.parent.parent


def errors(directory: Path, main: str = MAIN, **modules: str) -> list[ConfigError]:
    with pytest.raises(ConfigError) as caught:
        load(directory, main, **modules)
    return [caught.value, *caught.value.others]


def test_a_whole_definition_becomes_a_project(tmp_path: Path) -> None:
    project = load(tmp_path, web=WEB, kat=KAT).project
    assert [str(target) for target in project.targets] == ["bookworm/amd64", "trixie/amd64"]
    assert [module.name for module in project.modules[project.targets[0].codename]] == ["kat", "web"]
    assert project.targets[1].release.python == "3.13"
    assert project.archive.keyring_package == "kat-archive-keyring"


def test_paths_are_relative_to_katpkg_toml(tmp_path: Path) -> None:
    project = load(tmp_path, MAIN + '\n[publish]\nstore = "../public"\n').project
    assert project.publish.store == tmp_path.parent / "public"
    assert project.signing.public_key == tmp_path / "keys/archive.asc"
    assert project.lock_file == tmp_path / "katpkg.lock"


def test_a_release_can_be_changed_and_added(tmp_path: Path) -> None:
    main = (
        MAIN.replace('"trixie/amd64"', '"forky/amd64"')
        + '\n[release.bookworm]\ncompression = "zstd"\n'
        + '\n[release.forky]\ndistribution = "debian"\nversion = "14"\npython = "3.14"\nglibc = "2.42"\n'
    )
    loaded = load(tmp_path, main)
    bookworm, forky = (target.release for target in loaded.project.targets)
    assert bookworm.compression is Compression.ZSTD
    assert bookworm.python == "3.11"
    assert forky.revision_suffix == "~deb14u1"
    assert loaded.origins[("release", "bookworm", "compression")] == "katpkg.toml"
    assert loaded.origins[("release", "bookworm", "python")] == "built-in"


def test_a_module_may_differ_for_a_release(tmp_path: Path) -> None:
    loaded = load(tmp_path, web=WEB + '\n[target.trixie]\nsummary = "newer web interface"\n')
    by_release = {codename: modules[0].summary for codename, modules in loaded.project.modules.items()}
    assert by_release == {"bookworm": "web interface", "trixie": "newer web interface"}
    assert loaded.origins[("modules", "trixie", "web", "summary")] == "modules/web.toml [target.trixie]"
    assert loaded.origins[("modules", "bookworm", "web", "summary")] == "modules/web.toml"


WEB_MISTAKES: list[tuple[str, str, str, str, str]] = [
    ("health = {", "healt = {", "unknown key 'healt'", "modules/web.toml: services[0]", "did you mean 'health'?"),
    ("summary = ", "sumary = ", "unknown key 'sumary'", "modules/web.toml", "did you mean 'summary'?"),
    ('kind = "wheel"', 'kind = "whel"', "there is no payload kind 'whel'", "modules/web.toml: payload.kind", "'wheel'"),
    ('kind = "wheel"', 'kind = "wheel"\nwhel = 1', "unknown key 'whel'", "modules/web.toml: payload", "'wheel'"),
    ('kind = "wheel"', 'kind = "tree"', "missing key 'copies'", "modules/web.toml: payload", ""),
    ('"web interface"', "7", "expected text, got 7", "modules/web.toml: summary", ""),
    ('"web interface"', '"The web interface"', "a summary begins without an article", "modules/web.toml: summary", ""),
    ('"web interface"', '"web."', "a summary has 1 to 80 characters", "modules/web.toml: summary", ""),
    ('"kat-web"', '"K"', "'K' is no package name: at least two of", "modules/web.toml: package", ""),
    ("{venv}/bin", "{vevn}/bin", "there is no placeholder {vevn}", "modules/web.toml: services[0]", "{venv}"),
    ("[artifact]\nname", "[artifac]\nname", "unknown key 'artifac'", "modules/web.toml", "did you mean 'artifact'?"),
    ('name = "web-{version}.zip"', "", "missing key 'name'", "modules/web.toml: artifact", ""),
    ("[payload]", "[target.Bookworm]\n[payload]", "'Bookworm' is no codename", "modules/web.toml: target", "bookworm"),
    (
        "[[services]]",
        "[[files]]\npath = '/x/y'\nsource = 'n'\n[[services]]",
        "there is no file 'n'",
        "files[0].source",
        "",
    ),
    (
        "[[services]]",
        "[[files]]\npath = '/etc/y'\nsource = 'n'\n[[services]]",
        "conffiles lie below /etc, and nothing else does",
        "files[0].path",
        "conffile = true",
    ),
    (
        "[[services]]",
        "[[directories]]\npath='/a'\nuser='b'\nmode='9'\n[[services]]",
        "'9' is no mode",
        "directories[0]",
        "",
    ),
    ('exec = "{venv}/bin/web"', 'exec = "a\\nb"', "one line without control characters", "services[0].exec", ""),
    ("[[services]]", "sandbox = 1\n[[services]]", "unknown key 'sandbox'", "modules/web.toml: payload", ""),
    ('{ url = "http://127.0.0.1:8000/" }', "3", "expected a table, got 3", "modules/web.toml: services[0].health", ""),
    ('bin/web"', 'bin/web"\nsandbox = "strong"', "expected 'strict', 'network', 'jit'", "services[0].sandbox", ""),
]

MAIN_MISTAKES: list[tuple[str, str, str, str, str]] = [
    ("[archive]", "[archiv]", "unknown key 'archiv'", "katpkg.toml", "did you mean 'archive'?"),
    ("label = ", "lable = ", "unknown key 'lable'", "katpkg.toml: archive", "did you mean 'label'?"),
    ('"trixie/amd64"', '"sarge/amd64"', "'sarge/amd64' is no target", "katpkg.toml: targets[1]", "[release.CODENAME]"),
    ('"trixie/amd64"', '"trixie"', "'trixie' is no target", "katpkg.toml: targets[1]", "bookworm"),
    ('["bookworm/amd64", "trixie/amd64"]', "[]", "no targets", "katpkg.toml: targets", 'targets = ["bookworm/amd64"]'),
    ('["amd64"]', '["arm64"]', "the archive does not serve amd64", "katpkg.toml: archive.architectures", "'amd64'"),
    ('["bookworm/amd64", "trixie/amd64"]', '["bookworm/amd64", 7]', "7 is no target", "katpkg.toml: targets[1]", ""),
    ("targets = [", "modules = 1\ntargets = [", "unknown key 'modules'", "katpkg.toml", ""),
    ("targets = [", "release = 1\ntargets = [", "expected a table for each release", "katpkg.toml: release", ""),
    ("[archive]", "[release]\nforky = 1\n[archive]", "expected a table, got 1", "katpkg.toml: release.forky", ""),
    (
        "[signing]\n",
        "[signing]\npublic_kye = 'x'\n",
        "unknown key 'public_kye'",
        "katpkg.toml: signing",
        "'public_key'",
    ),
    ('"keys/archive.asc"', "1", "expected a path, got 1", "katpkg.toml: signing.public_key", ""),
    ('["amd64"]', '"amd64"', "expected a list, got 'amd64'", "katpkg.toml: archive.architectures", ""),
    ('["amd64"]', '["amd64", "all"]', "'all' is no architecture of an archive", "archive.architectures", "out"),
    ("[signing]", "[retention]\nversions = 0\n[signing]", "expected 1 or more, got 0", "retention.versions", ""),
    ("[signing]", "[retention]\ndays = -1\n[signing]", "expected 0 or more, got -1", "retention.days", ""),
    (
        "[signing]",
        "[retention]\npinned = ['kat web']\n[signing]",
        "'kat web' is no selector: NAME or NAME=VERSION",
        "katpkg.toml: retention.pinned[0]",
        "",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message", "where", "hint"), WEB_MISTAKES)
def test_a_mistake_in_a_module_is_told(
    right: str, wrong: str, message: str, where: str, hint: str, tmp_path: Path
) -> None:
    assert right in WEB
    found = errors(tmp_path, web=WEB.replace(right, wrong, 1))
    assert_told(found, message, where, hint)


@pytest.mark.parametrize(("right", "wrong", "message", "where", "hint"), MAIN_MISTAKES)
def test_a_mistake_in_katpkg_toml_is_told(
    right: str, wrong: str, message: str, where: str, hint: str, tmp_path: Path
) -> None:
    assert right in MAIN
    assert_told(errors(tmp_path, MAIN.replace(right, wrong, 1)), message, where, hint)


def assert_told(found: list[ConfigError], message: str, where: str, hint: str) -> None:
    fitting = [each for each in found if message in each.message and where in str(each.where)]
    assert fitting, [(each.message, each.where) for each in found]
    assert hint in str(fitting[0].hint or "")


def test_all_mistakes_of_all_files_are_told_at_once_and_each_once(tmp_path: Path) -> None:
    main = MAIN.replace("label =", "lable =")
    found = errors(tmp_path, main, web=WEB.replace("summary =", "sumary ="), kat=KAT.replace('["web"]', '["wbe"]'))
    told = [(each.message, each.where) for each in found]
    assert ("unknown key 'lable'", "katpkg.toml: archive") in told
    assert ("missing key 'label'", "katpkg.toml: archive") in told
    assert ("unknown key 'sumary'", "modules/web.toml") in told
    assert ("there is no module 'wbe'", "modules/kat.toml: payload.modules") in told
    assert len(told) == len(set(told))


def test_modules_must_fit_each_other(tmp_path: Path) -> None:
    other = WEB.replace('package = "kat-web"', 'package = "kat-other"')
    found = errors(tmp_path, web=WEB, other=other, again=WEB)
    told = {each.message: each.hint for each in found}
    assert told["several modules make the package kat-web"] == "give each a name of its own"
    assert told["there are several services kat-web"] == "give each a name of its own"


def test_a_meta_package_takes_its_version_from_a_member(tmp_path: Path) -> None:
    found = errors(tmp_path, web=WEB, kat=KAT.replace('"1.0"', '"= other"'))
    said = "it takes its version from 'other', which it does not pull in"
    assert_told(found, said, "modules/kat.toml", "payload.modules")


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, web="package = \n")
    assert "it is not TOML" in found.message
    assert "line 1" in found.message
    assert found.where == "modules/web.toml"


def test_commands_for_an_archive_read_no_module(tmp_path: Path) -> None:
    archive = load_archive(write(tmp_path, web="this is no TOML"))
    assert archive.suite(archive.targets[0].codename).origin == "Test"
    assert archive.signing.public_key == tmp_path / "keys/archive.asc"


def test_an_archive_and_a_project_say_the_same_about_katpkg_toml(tmp_path: Path) -> None:
    project, archive = load(tmp_path).project, load_archive(tmp_path)
    assert all(getattr(project, each.name) == getattr(archive, each.name) for each in fields(archive))


def test_mistakes_in_katpkg_toml_are_told_without_its_modules_too(tmp_path: Path) -> None:
    write(tmp_path, MAIN.replace("label =", "lable =").replace('"trixie/amd64"', '"sarge/amd64"'))
    with pytest.raises(ConfigError) as caught:
        load_archive(tmp_path)
    told = [each.message for each in (caught.value, *caught.value.others)]
    assert told[:2] == ["missing key 'label'", "unknown key 'lable'"]
    assert "'sarge/amd64' is no target" in told[2]


def test_the_nearest_definition_upwards_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    assert find_definition(tmp_path / "a/b") == tmp_path


def test_a_definition_in_repo_is_found(tmp_path: Path) -> None:
    write(tmp_path / "repo")
    assert find_definition(tmp_path) == tmp_path / "repo"


def test_where_there_is_no_definition_it_is_said_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert caught.value.message == "there is no katpkg.toml"
    assert caught.value.hint == "katpkg -C DIR says where it lies"


@pytest.mark.parametrize("directory", ["repo", "tests/demo"])
def test_the_definitions_of_this_project_are_right(directory: str) -> None:
    assert load_project(ROOT / directory).project.targets


def test_the_schema_describes_every_key_with_the_words_of_the_model() -> None:
    main, module = main_schema(), module_schema()
    tables = {"archive", "signing", "source", "build", "publish", "retention", "release"}
    assert set(main["properties"]) == {"extends", "targets", *tables}
    assert "name" not in module["required"]
    assert "target" in module["properties"]
    assert module["properties"]["package"]["description"] == "The binary package that is made of it."
    assert module["additionalProperties"] is False
