"""fetch, build and publish as a user calls them: done twice they change nothing, and --dry-run changes nothing ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from katpkg import process
from katpkg.packages.deb.inspect import read_deb
from tests.conftest import Definition
from tests.integration.conftest import Small, web_artifact
from tests.trees import tree

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("made")]

PACKAGES = {"demo-greeting", "kat", "kat-archive-keyring", "kat-hello", "kat-page", "kat-web"}


def told(definition: Definition, *words: str) -> dict[str, Any]:
    """What katpkg says as JSON."""
    answer = json.loads(definition.katpkg("--json", *words).stdout)
    assert isinstance(answer, dict)
    assert answer["version"] == 1
    return answer


def states(definition: Definition, *words: str) -> dict[str, str]:
    """What came of each package."""
    packages = told(definition, "build", "--no-lintian", *words)["packages"]
    return {each["package"]: f"{each['state']} {each['version']}" for each in packages}


def test_building_twice_builds_nothing_the_second_time(built: Small) -> None:
    before = tree(built.packages, times=True)
    found = states(built.definition)
    assert found.keys() == PACKAGES
    assert {state.split()[0] for state in found.values()} == {"kept"}
    after = tree(built.packages, times=True)
    assert {name: what for name, what in after.items() if name != "built.json"} == {
        name: what for name, what in before.items() if name != "built.json"
    }


def test_what_is_published_from_equal_inputs_is_not_built_even_where_nothing_was_built_yet(
    published_small: Small,
) -> None:
    small = published_small
    shutil.rmtree(small.root / "packages")
    found = states(small.definition)
    assert found.pop("demo-greeting") == "built 1.0-1"  # what comes finished is only copied
    assert {state.split()[0] for state in found.values()} == {"published"}
    assert [path.name for path in small.packages.glob("*.deb")] == ["demo-greeting_1.0-1_all.deb"]


def test_a_changed_descriptor_is_built_anew_and_once_published_gets_the_next_revision(built: Small) -> None:
    built.definition.edit("modules/page.toml", "page that says", "page which says")
    assert states(built.definition, "page") == {"kat-page": "built 1.0-1~deb12u1"}
    built.definition.katpkg("publish")
    built.definition.edit("modules/page.toml", "page which says", "page to say")
    assert states(built.definition, "page", "kat") == {"kat-page": "built 1.0-2~deb12u1", "kat": "built 1.0-2~deb12u1"}
    built.definition.katpkg("publish")
    pool = built.public / "pool/bookworm/main/k/kat-page"
    assert sorted(path.name for path in pool.iterdir()) == [
        "kat-page_1.0-1~deb12u1_all.deb",
        "kat-page_1.0-2~deb12u1_all.deb",
    ]
    kat = read_deb(built.packages / "kat_1.0-2~deb12u1_all.deb")
    assert "kat-page (= 1.0-2~deb12u1)" in kat.fields["Depends"]


def test_what_decides_only_whether_a_build_is_accepted_builds_nothing(built: Small) -> None:
    built.definition.edit("modules/page.toml", "[artifact]", 'accept_vanished = ["/usr/*"]\n\n[artifact]')
    assert states(built.definition, "page") == {"kat-page": "kept 1.0-1~deb12u1"}


def test_a_damaged_package_file_is_built_anew(built: Small) -> None:
    path = built.packages / "kat-page_1.0-1~deb12u1_all.deb"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert states(built.definition, "page") == {"kat-page": "built 1.0-1~deb12u1"}
    assert path.read_bytes() == whole


def test_one_lock_gives_identical_packages_in_any_directory(small_built: Small, tmp_path: Path) -> None:
    elsewhere = small_built.copy(tmp_path / "elsewhere, in a directory of a longer name")
    for name in ("packages", "cache"):
        shutil.rmtree(elsewhere.root / name)
    elsewhere.definition.katpkg("build", "--locked", "--no-lintian")
    assert tree(elsewhere.packages) == tree(small_built.packages)


def test_a_build_uses_what_is_locked_though_there_is_something_newer(small: Small) -> None:
    web_artifact(small.artifacts, "1.1")
    assert states(small.definition, "web") == {"kat-web": "built 1.0-1~deb12u1"}
    small.definition.katpkg("fetch", "web")
    assert states(small.definition, "web") == {"kat-web": "built 1.1-1~deb12u1"}
    assert [path.name for path in small.packages.glob("*.deb")] == ["kat-web_1.1-1~deb12u1_amd64.deb"]


def test_fetching_one_module_leaves_the_rest_as_it_is_locked(small: Small) -> None:
    before = told(small.definition, "fetch", "--dry-run")["artifacts"]
    web_artifact(small.artifacts, "1.1")
    shutil.copy(small.artifacts / "page-1.0.tar.gz", small.artifacts / "page-1.1.tar.gz")
    after = told(small.definition, "fetch", "web")["artifacts"]
    changed = {new["module"]: new["version"] for new, old in zip(after, before, strict=True) if new != old}
    assert changed == {"web": "1.1"}


def test_publishing_twice_writes_nothing_the_second_time(published_small: Small) -> None:
    before = tree(published_small.public, times=True)
    assert told(published_small.definition, "publish")["writes"] == []
    assert tree(published_small.public, times=True) == before


@pytest.mark.parametrize("words", [("fetch",), ("build", "--no-lintian"), ("publish",)])
def test_a_dry_run_writes_nothing_and_says_what_would_be_done(words: tuple[str, ...], built: Small) -> None:
    web_artifact(built.artifacts, "1.1")
    built.definition.edit("modules/page.toml", "page that says", "page which says")
    before = tree(built.root, times=True)
    said = built.definition.katpkg(*words, "--dry-run").stdout
    assert tree(built.root, times=True) == before
    assert said


def test_a_dry_run_of_the_first_build_writes_nothing(small: Small) -> None:
    before = tree(small.root, times=True)
    found = states(small.definition, "--dry-run")
    assert {state.split(" ")[0] for state in found.values()} == {"to"}
    assert tree(small.root, times=True) == before


def test_every_answer_is_json_for_who_wants_it(built: Small) -> None:
    assert {each["module"] for each in told(built.definition, "fetch")["artifacts"]} == {
        "greeting",
        "hello",
        "page",
        "web",
    }
    paths = [Path(each["path"]) for each in told(built.definition, "build", "--no-lintian")["packages"]]
    assert paths
    assert all(path.is_file() for path in paths)
    assert told(built.definition, "publish")["store"] == str(built.public)
    assert told(built.definition, "config", "show")["values"]["archive"]["name"] == "kat"
    done = built.definition.katpkg("--json", "build", "nothing", check=False)
    (error,) = json.loads(done.stdout)["errors"]
    assert error.keys() == {"message", "where", "hint", "details", "exit_code"}
    assert error["exit_code"] == done.returncode == 3


@pytest.mark.parametrize("module", ["page", "web"])
def test_a_rendered_tree_builds_by_hand_into_the_same_package(module: str, small_built: Small, tmp_path: Path) -> None:
    small = small_built.copy(tmp_path / "small")
    trees = told(small.definition, "build", module, "--render-only", str(tmp_path / "trees"))["trees"]
    process.run(["dpkg-buildpackage", "-b", "-us", "-uc"], cwd=Path(trees[0]))
    (by_hand,) = Path(trees[0]).parent.glob("*.deb")
    assert by_hand.read_bytes() == (small.packages / by_hand.name).read_bytes()


def test_repacking_is_reproducible(small: Small) -> None:
    done = small.definition.katpkg("build", "hello", "--no-lintian", "--check-reproducible")
    assert "a second build elsewhere is the same, bit for bit" in done.stderr


def test_a_finished_package_is_published_byte_for_byte(small_published: Small) -> None:
    (published,) = small_published.public.rglob("demo-greeting_*.deb")
    assert published.read_bytes() == (small_published.artifacts / "demo-greeting_1.0-1_all.deb").read_bytes()


def test_a_target_of_another_architecture_is_built_too(small: Small) -> None:
    small.definition.edit("katpkg.toml", '["bookworm/amd64"]', '["bookworm/amd64", "bookworm/arm64"]')
    small.definition.katpkg("fetch")
    small.definition.katpkg("build", "web", "page", "--no-lintian")
    names = sorted(path.name for path in small.packages.glob("*.deb"))
    assert names == [
        "kat-page_1.0-1~deb12u1_all.deb",
        "kat-web_1.0-1~deb12u1_amd64.deb",
        "kat-web_1.0-1~deb12u1_arm64.deb",
    ]
    package = read_deb(small.packages / "kat-web_1.0-1~deb12u1_arm64.deb")
    assert package.fields["Architecture"] == "arm64"
    small.definition.katpkg("publish")
    index = (small.public / "dists/bookworm/main/binary-arm64/Packages.gz").stat()
    assert index.st_size > 0
