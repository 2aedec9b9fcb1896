"""Which packages a definition and a lock amount to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.errors import BuildError, ConfigError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Codename, Line, ModuleName, PackageName
from katpkg.model.payload import DebPayload, MetaPayload, WheelPayload
from katpkg.model.target import PackageFormat, Target
from katpkg.model.version import Version
from katpkg.packages.deb.builder import DebBuilder
from katpkg.pipeline.jobs import job, meta_orders, module_orders, releases
from katpkg.pipeline.make import Checks, Workshop
from katpkg.report import Quiet
from katpkg.sources.cache import Cache
from katpkg.sources.local import DirectorySource
from katpkg.sources.lock import Lock
from tests.builders import TEMPLATES, TRIXIE, make_artifact, make_module, make_target
from tests.unit.pipeline.projects import artifacts, make_project

AMD64, ARM64, OTHER = make_target(), make_target(architecture="arm64"), make_target(TRIXIE)
RULE = ArtifactRule(name=Line("web-{version}.zip"))
PAGE = make_module(name=ModuleName("page"), package=PackageName("kat-page"), artifact=RULE)
WEB = make_module(artifact=RULE, payload=WheelPayload(kind="wheel"))
FOREIGN = make_module(
    name=ModuleName("foreign"), package=PackageName("foreign"), artifact=RULE, payload=DebPayload(kind="deb")
)
META = make_module(
    name=ModuleName("kat"),
    package=PackageName("kat"),
    payload=MetaPayload(kind="meta", modules=(ModuleName("web"), ModuleName("page")), version=Line("= web")),
)
ALL = (PAGE, WEB, META)


def shop_of(directory: Path, modules: Sequence[ModuleSpec], targets: tuple[Target, ...]) -> Workshop:
    project = make_project(directory, *modules, targets=targets)
    return Workshop(
        project=project,
        source=DirectorySource(artifacts(project)),
        cache=Cache(project.build.cache),
        templates=TEMPLATES,
        builders={PackageFormat.DEB: DebBuilder(TEMPLATES)},
        checks=Checks(),
        reporter=Quiet(),
    )


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (tmp_path / "web-1.0.zip").touch()
    return make_artifact(tmp_path / "web-1.0.zip")


def lock_of(artifact: Artifact, modules: Sequence[ModuleSpec], targets: Sequence[Target]) -> Lock:
    return Lock(
        artifacts=tuple(
            replace(artifact, module=module.name, codename=target.codename, architecture=target.architecture)
            for module in modules
            for target in targets
        )
    )


def ordered(
    directory: Path, artifact: Artifact, *names: str, modules: Sequence[ModuleSpec] = ALL, **changes: Lock
) -> list[str]:
    targets = (AMD64, ARM64, OTHER)
    shop = shop_of(directory, modules, targets)
    lock = changes.get("lock", lock_of(artifact, modules, targets))
    return [f"{each.module.name} {each.target}" for each in module_orders(shop, lock, targets, names)]


def test_a_package_for_all_is_made_once_a_release_and_others_once_an_architecture(
    artifact: Artifact, tmp_path: Path
) -> None:
    assert ordered(tmp_path, artifact) == [
        "page bookworm/amd64",
        "web bookworm/amd64",
        "web bookworm/arm64",
        "page trixie/amd64",
        "web trixie/amd64",
    ]


def test_only_what_is_asked_for_is_made(artifact: Artifact, tmp_path: Path) -> None:
    assert ordered(tmp_path, artifact, "page") == ["page bookworm/amd64", "page trixie/amd64"]


def test_a_module_is_made_for_the_releases_it_names(artifact: Artifact, tmp_path: Path) -> None:
    only = replace(PAGE, codenames=(Codename("trixie"),))
    assert ordered(tmp_path, artifact, modules=(only,)) == ["page trixie/amd64"]


def test_a_lock_without_an_artifact_of_what_is_asked_for_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        ordered(tmp_path, artifact, lock=lock_of(artifact, ALL, (AMD64,)))
    assert caught.value.message == "katpkg.lock has no artifact of web for bookworm/arm64"


def test_a_lock_of_another_version_than_the_definition_asks_for_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    asked = replace(PAGE, artifact=replace(RULE, version=Line("2.0")))
    with pytest.raises(ConfigError) as caught:
        ordered(tmp_path, artifact, modules=(asked,))
    assert caught.value.message == "katpkg.lock has version 1.0 of page, and the definition asks for 2.0"
    assert caught.value.hint == "katpkg fetch page"
    assert ordered(tmp_path, replace(artifact, version="2.0"), modules=(asked,)) != []


def metas(
    directory: Path, artifact: Artifact, versions: Mapping[str, str], modules: Sequence[ModuleSpec] = ALL
) -> list[str]:
    shop, lock = shop_of(directory, modules, (AMD64,)), lock_of(artifact, modules, (AMD64,))
    there = {(Codename("bookworm"), PackageName(name)): Version(version) for name, version in versions.items()}
    orders = meta_orders(shop, lock, (AMD64,), (), there)
    return [f"{name} {version}" for order in orders for name, version in sorted(order.siblings.items())]


def test_a_meta_package_names_its_members_at_the_versions_that_exist(artifact: Artifact, tmp_path: Path) -> None:
    there = {"kat-web": "1.0-2~deb12u1", "kat-page": "3.0-1~deb12u1", "other": "1"}
    assert metas(tmp_path, artifact, there) == ["kat-page 3.0-1~deb12u1", "kat-web 1.0-2~deb12u1"]


def test_a_meta_package_without_one_of_its_members_is_not_made(artifact: Artifact, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        metas(tmp_path, artifact, {"kat-web": "1.0-2~deb12u1"})
    assert caught.value.message == "kat needs kat-page, which is neither built nor published for bookworm/amd64"
    assert caught.value.hint == "katpkg build page kat"


def test_a_member_that_is_not_made_for_a_release_is_not_missed_there(artifact: Artifact, tmp_path: Path) -> None:
    elsewhere = replace(PAGE, codenames=(Codename("trixie"),))
    modules = (elsewhere, WEB, META)
    assert metas(tmp_path, artifact, {"kat-web": "1.0-2~deb12u1"}, modules) == ["kat-web 1.0-2~deb12u1"]


@pytest.mark.parametrize(
    ("module", "upstream", "finished"),
    [(WEB, "1.20.0~rc2", False), (META, "1.20.0~rc2", False), (FOREIGN, "1.20.0rc2", True)],
)
def test_versions_are_translated_but_for_what_comes_finished(
    module: ModuleSpec, upstream: str, artifact: Artifact, tmp_path: Path, *, finished: bool
) -> None:
    modules = (PAGE, WEB, META, FOREIGN)
    shop = shop_of(tmp_path, modules, (AMD64,))
    lock = lock_of(replace(artifact, version="1.20.0rc2"), modules, (AMD64,))
    versions = {(Codename("bookworm"), each.package): Version("1") for each in modules}
    orders = (*module_orders(shop, lock, (AMD64,), ()), *meta_orders(shop, lock, (AMD64,), (), versions))
    (found,) = (job(shop, lock, order) for order in orders if order.module is module)
    assert (found.upstream, found.is_finished) == (upstream, finished)


def test_a_version_that_no_package_can_have_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    shop = shop_of(tmp_path, (WEB,), (AMD64,))
    lock = lock_of(replace(artifact, version="latest"), (WEB,), (AMD64,))
    (order,) = module_orders(shop, lock, (AMD64,), ())
    with pytest.raises(ConfigError, match="'latest' cannot be the version of a package") as caught:
        job(shop, lock, order)
    assert caught.value.where == "web-1.0.zip"


def test_the_first_target_of_a_release_stands_for_it() -> None:
    assert releases((AMD64, ARM64, OTHER)) == (AMD64, OTHER)
