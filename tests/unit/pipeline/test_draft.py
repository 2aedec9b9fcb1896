"""A first definition, deduced from names."""

from __future__ import annotations

import pytest

from katpkg.model.source import GitHubSpec, RepositoryName
from katpkg.pipeline.draft import Known, Tree, draft
from katpkg.sources.github.survey import Yield

SPEC = GitHubSpec(kind="github", repository=RepositoryName("acme/Shop.Front"))
KNOWN = [
    Known(codename="bookworm", distribution="debian", version="12"),
    Known(codename="noble", distribution="ubuntu", version="24.04"),
]


def run(*names: str, ref: str = "v1.2.0", is_tag: bool = True, workflow: str = ".github/workflows/build.yml") -> Yield:
    return Yield(workflow=workflow, event="push", ref=ref, is_tag=is_tag, names=names)


def drafted(*offers: Yield, releases: tuple[Yield, ...] = ()) -> dict[str, Tree]:
    return dict(draft(SPEC, offers, releases, KNOWN))


def artifact(files: dict[str, Tree], module: str) -> str:
    name = files[f"modules/{module}.toml"]["artifact"]["name"]
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("shop-web_1.2.0_debian12.deb", "shop-web_{version}_{distribution}{release}.deb"),
        ("shop-web_1.2.0_ubuntu24.04_arm64.deb", "shop-web_{version}_{distribution}{release}_{architecture}.deb"),
        ("shop-web-bookworm.deb", "shop-web-{codename}.deb"),
        ("shop-web-1.2.0.zip", "shop-web-{version}.zip"),
        ("shop-web-v1.1.9-rc1", "shop-web-{version}"),
        ("shop-web", "shop-web"),
    ],
)
def test_placeholders_stand_where_a_name_tells_version_and_target(name: str, pattern: str) -> None:
    assert artifact(drafted(run(name, "shop-api" + name.removeprefix("shop-web"))), "web") == pattern


def test_targets_are_those_that_names_tell() -> None:
    files = drafted(
        run("shop-a_1.2.0_debian12_arm64.deb", "shop-a_1.2.0_ubuntu24.04_amd64.deb", "shop-b_1.2.0_debian12.deb")
    )
    main = files["katpkg.toml"]
    assert set(main["targets"]) >= {"bookworm/arm64", "noble/amd64"}
    assert main["archive"]["architectures"] == ["amd64", "arm64"]
    assert files["modules/b.toml"]["codenames"] == ["bookworm"]
    assert "codenames" not in files["modules/a.toml"]


def test_where_there_are_packages_nothing_else_becomes_a_module() -> None:
    assert set(drafted(run("shop-web_1.2.0_amd64.deb", "coverage", "test-logs"))) == {
        "katpkg.toml",
        "modules/web.toml",
    }


def test_of_two_workflows_it_is_the_one_that_makes_packages() -> None:
    tests = run("logs-1", "logs-2", "logs-3", workflow=".github/workflows/test.yml")
    assert (
        drafted(tests, run("shop-web_1.2.0.deb"))["katpkg.toml"]["source"]["workflow"] == ".github/workflows/build.yml"
    )


def test_a_run_of_a_branch_allows_that_branch_alone() -> None:
    source = drafted(run("web-wheel", ref="main", is_tag=False))["katpkg.toml"]["source"]
    assert (source["tags"], source["branches"]) == ([], ["main"])


def test_the_product_is_called_as_its_repository_unless_names_agree_on_another() -> None:
    assert drafted(run("web", "api"))["katpkg.toml"]["archive"]["name"] == "shop-front"
    assert drafted(run("acme-web", "acme-api"))["katpkg.toml"]["archive"]["name"] == "acme"


def test_the_payload_is_what_the_name_looks_like() -> None:
    names = ("shop-web_1.2.0.deb", "shop-web-wheel", "shop-web-1.2.0.tar.gz")
    modules = (next(tree for path, tree in drafted(run(name)).items() if path != "katpkg.toml") for name in names)
    assert [module["payload"]["kind"] for module in modules] == ["deb", "wheel", "tree"]


def test_the_asset_that_holds_the_same_is_named_for_the_day_that_the_artifact_expires() -> None:
    release = run("shop-web_1.2.0_amd64.deb", workflow="")
    files = drafted(run("shop-web_1.2.0_debian12.deb", "shop-api_1.2.0_debian12.deb"), releases=(release,))
    assert files["modules/web.toml"]["artifact"]["asset"] == "shop-web_{version}_{architecture}.deb"
    assert "asset" not in files["modules/api.toml"]["artifact"]
