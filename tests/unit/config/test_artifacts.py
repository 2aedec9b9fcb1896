"""Where artifacts come from: what a definition may say, and what is wrong with what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.config.project import load_project
from katpkg.errors import ConfigError
from katpkg.model.source import DirectorySpec, GitHubSpec, WebSpec
from tests.definitions import MAIN, WEB, write

GITHUB = '\n[source]\nkind = "github"\nrepository = "acme/web"\nworkflow = ".github/workflows/build.yml"\n'
URL = '\n[source]\nkind = "url"\nurl = "https://example.org/v{version}"\n'
PINNED = f'name = "web-{{version}}.zip"\nversion = "1.0"\nsha256 = "{"a" * 64}"'


def pinned(text: str) -> str:
    return text.replace('name = "web-{version}.zip"', PINNED)


def test_without_a_word_it_is_a_directory_beside_the_definition(tmp_path: Path) -> None:
    assert load_project(write(tmp_path)).project.source == DirectorySpec(path=tmp_path / "artifacts")


def test_a_directory_need_not_say_that_it_is_one(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, f'{MAIN}\n[source]\npath = "../there"\n')).project
    assert project.source == DirectorySpec(path=tmp_path.parent / "there")


def test_a_repository_says_who_is_believed(tmp_path: Path) -> None:
    source = load_project(write(tmp_path, MAIN + GITHUB)).project.source
    assert isinstance(source, GitHubSpec)
    assert (source.tags, source.branches) == (("v*",), ())
    assert source.events == ("push", "release", "workflow_dispatch")
    assert source.api == "https://api.github.com"


def test_a_module_may_come_from_elsewhere_and_from_different_places_for_different_releases(tmp_path: Path) -> None:
    web = pinned(WEB) + URL + '\n[target.trixie.source]\nurl = "https://example.org/trixie"\n'
    project = load_project(write(tmp_path, MAIN + GITHUB, web=web)).project
    found = {codename: modules[0].source for codename, modules in project.modules.items()}
    assert all(isinstance(each, WebSpec) for each in found.values())
    assert {codename: getattr(each, "url", "") for codename, each in found.items()} == {
        "bookworm": "https://example.org/v{version}",
        "trixie": "https://example.org/trixie",
    }


def test_a_modules_own_directory_lies_beside_the_definition_too(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, MAIN + GITHUB, web=WEB + '\n[source]\npath = "own"\n')).project
    assert project.modules[project.targets[0].codename][0].source == DirectorySpec(path=tmp_path / "own")


@pytest.mark.parametrize(
    ("main", "web", "message", "where", "hint"),
    [
        (GITHUB.replace("github", "gitlab", 1), WEB, "there is no source kind 'gitlab'", "source.kind", "github"),
        (GITHUB.replace("acme/web", "web"), WEB, "'web' is no repository name: OWNER/NAME", "source.repository", ""),
        (GITHUB.replace("acme/web", "acme/.."), WEB, "is no repository name", "source.repository", ""),
        (GITHUB.replace(".github/workflows/", ""), WEB, "'build.yml' is no workflow path", "source.workflow", ""),
        (GITHUB.replace("workflow =", "# "), WEB, "missing key 'workflow'", "katpkg.toml: source", ".github/workflows"),
        (
            GITHUB + "tags = []",
            WEB,
            "neither a tag nor a branch may be built from",
            "katpkg.toml: source",
            'tags = ["v*"]',
        ),
        (GITHUB + 'take = "releases"\ntags = []\nbranches = ["main"]', WEB, "releases are of tags", "source", "tags ="),
        (GITHUB + 'api = "http://example.org"', WEB, "is no web address", "katpkg.toml: source.api", ""),
        (GITHUB + 'api = "https://me:x@example.org"', WEB, "is no web address", "katpkg.toml: source.api", ""),
        (GITHUB + 'token = "x"', WEB, "unknown key 'token'", "katpkg.toml: source", ""),
        (URL, WEB, "a web server does not tell which version is the newest", "artifact.version", 'version = "'),
        (URL, WEB, "what a web server has must be pinned", "modules/web.toml: artifact.sha256", "sha256sum"),
        (
            URL,
            WEB.replace("[artifact]", '[artifact]\nbeside = ["x"]'),
            "only one artifact of a web server can be pinned",
            "modules/web.toml: artifact.beside",
            "",
        ),
        (GITHUB, WEB + URL, "what a web server has must be pinned", "modules/web.toml: artifact.sha256", "sha256sum"),
        ("", WEB + GITHUB.replace("workflow =", "# "), "missing key 'workflow'", "modules/web.toml: source", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    main: str, web: str, message: str, where: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(write(tmp_path, MAIN + main, web=web))
    told = [each for each in (caught.value, *caught.value.others) if message in each.message]
    assert told, [each.message for each in (caught.value, *caught.value.others)]
    assert where in str(told[0].where)
    assert hint in (told[0].hint or "")
