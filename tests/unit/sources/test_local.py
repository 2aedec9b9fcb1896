"""A directory of artifacts: which file is meant, and what is said when none or several are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line
from katpkg.report import NoMeter
from katpkg.sources.local import DirectorySource
from katpkg.sources.names import fill, name_pattern
from katpkg.sources.partial import Arrival
from tests.builders import NOBLE, make_artifact, make_module, make_target

WHERE = "modules/web.toml: artifact.name"


def resolve(root: Path, name: str = "web-{version}.zip", version: str = "") -> Artifact:
    rule = ArtifactRule(name=Line(name), version=Line(version))
    return DirectorySource(root).resolve(make_module(), rule, make_target())


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        (("1.9", "1.10"), "1.10"),
        (("1.0rc1", "1.0", "1.0.dev3"), "1.0"),
        (("2.0~rc1", "2.0~rc2"), "2.0~rc2"),
        (("v1.1", "1.0"), "v1.1"),
    ],
)
def test_the_newest_version_is_meant_as_debian_orders_them(
    versions: tuple[str, ...], newest: str, tmp_path: Path
) -> None:
    put(tmp_path, *(f"web-{version}.zip" for version in versions))
    assert resolve(tmp_path).version == newest


def test_the_version_that_is_asked_for_is_taken_though_there_is_a_newer_one(tmp_path: Path) -> None:
    put(tmp_path, "web-1.0.zip", "web-2.0.zip")
    assert resolve(tmp_path, version="1.0").name == "web-1.0.zip"


def test_an_artifact_may_lie_in_any_directory_and_its_origin_says_which(tmp_path: Path) -> None:
    put(tmp_path, "run-17/web/web-1.0.zip")
    found = resolve(tmp_path)
    assert (found.origin, found.name) == ("run-17/web/web-1.0.zip", "web-1.0.zip")
    assert found.digest == Digest.of(tmp_path / found.origin)


def test_a_name_without_version_has_the_one_that_the_rule_says(tmp_path: Path) -> None:
    put(tmp_path, "web.zip")
    assert resolve(tmp_path, "web.zip", "3.1").version == "3.1"


def test_a_name_tells_what_it_is_for(tmp_path: Path) -> None:
    name = Line("web_{codename}_{distribution}{release}_{architecture}-{version}.zip")
    assert fill(name, make_target(NOBLE, "arm64")) == "web_noble_ubuntu24.04_arm64-{version}.zip"
    put(tmp_path, "web_trixie-1.0.zip", "web_bookworm-1.0.zip")
    assert resolve(tmp_path, "web_{codename}-{version}.zip").name == "web_bookworm-1.0.zip"


def test_another_module_whose_name_begins_alike_is_not_meant(tmp_path: Path) -> None:
    put(tmp_path, "web-1.0.zip", "web-extra-2.0.zip")
    assert resolve(tmp_path).name == "web-1.0.zip"


@given(st.from_regex(r"[0-9][A-Za-z0-9.~_+-]{0,12}", fullmatch=True), st.text("abc.+*?[](){}^$|\\-", max_size=12))
def test_whatever_stands_around_it_the_version_is_read_back(version: str, around: str) -> None:
    rule = f"x{around}-{{version}}-{around}x"
    found = name_pattern(rule, make_target()).fullmatch(fill(rule, make_target()).replace("{version}", version))
    assert found is not None
    assert found["version"] == version


def test_a_link_that_leads_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/web-9.0.zip", "artifacts/web-1.0.zip")
    (tmp_path / "artifacts/web-2.0.zip").symlink_to(tmp_path / "elsewhere/web-9.0.zip")
    assert resolve(tmp_path / "artifacts").version == "1.0"


def test_nothing_of_that_name_is_said_with_what_looks_like_it(tmp_path: Path) -> None:
    put(tmp_path, "wbe-1.0.zip")
    with pytest.raises(SourceError) as caught:
        resolve(tmp_path)
    assert caught.value.message == (
        "there is no artifact of web for bookworm/amd64: nothing is named web-{version}.zip"
    )
    assert caught.value.where == WHERE
    assert caught.value.hint == "wbe-1.0.zip looks like it"


def test_nothing_of_that_version_is_said(tmp_path: Path) -> None:
    put(tmp_path, "web-1.0.zip")
    with pytest.raises(SourceError, match=r"there is no artifact of web of version 1\.1 for bookworm/amd64"):
        resolve(tmp_path, version="1.1")


def test_two_of_one_version_are_named(tmp_path: Path) -> None:
    put(tmp_path, "a/web-1.0.zip", "b/web-1.0.zip")
    with pytest.raises(SourceError) as caught:
        resolve(tmp_path)
    assert caught.value.message == "2 artifacts are of version 1.0: web-1.0.zip, web-1.0.zip"
    assert caught.value.hint == "say more in artifact.name, or move all but one away"


@pytest.mark.parametrize(("there", "rule"), [("web-1 0.zip", "web-{version}.zip"), ("web.zip", "web.zip")])
def test_a_name_that_tells_no_version_is_said(there: str, rule: str, tmp_path: Path) -> None:
    put(tmp_path, there)
    with pytest.raises(SourceError, match=f"the name {there} tells no version") as caught:
        resolve(tmp_path, rule)
    assert caught.value.where == WHERE
    assert "{version}" in str(caught.value.hint)


def test_a_directory_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        resolve(tmp_path / "nowhere")
    assert caught.value.message == "there is no artifact directory"
    assert caught.value.hint == "set source.path in katpkg.toml"


def test_what_is_there_of_an_earlier_try_is_written_anew(tmp_path: Path) -> None:
    put(tmp_path, "web-1.0.zip", "begun")
    with (tmp_path / "begun").open("r+b") as file:
        DirectorySource(tmp_path).fetch(make_artifact(tmp_path / "web-1.0.zip"), Arrival(file, NoMeter()))
    assert (tmp_path / "begun").read_text() == "web-1.0.zip"
