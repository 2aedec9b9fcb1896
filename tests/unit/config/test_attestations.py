"""What a definition must say before attestations can be asked for."""

from __future__ import annotations

from typing import Any

from katpkg.config.artifacts import check
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Codename, Line
from katpkg.model.source import DirectorySpec, GitHubSpec, RepositoryName, WebAddress, WorkflowPath
from tests.builders import make_module

WANTED = make_module(artifact=ArtifactRule(name=Line("web-{version}.zip"), attestation="require"))


def wrong(source: object) -> list[tuple[str, str | None]]:
    return [(each.message, each.where) for each in check(source, {Codename("bookworm"): (WANTED,)})]


def github(**changes: Any) -> GitHubSpec:
    return GitHubSpec(kind="github", repository=RepositoryName("acme/web"), **changes)


def test_a_directory_has_no_attestations() -> None:
    said = "attestations are of artifacts from GitHub"
    assert wrong(DirectorySpec()) == [(said, "modules/web.toml: artifact.attestation")]


def test_an_asset_is_attested_by_a_workflow_that_is_named() -> None:
    said = "an attestation is believed when one workflow signed it, and none is named"
    assert wrong(github(take="releases")) == [(said, "modules/web.toml: artifact.attestation")]
    assert wrong(github(take="releases", workflow=WorkflowPath(".github/workflows/build.yml"))) == []


def test_who_signs_for_an_enterprise_follows_from_its_api() -> None:
    ours = github(api=WebAddress("https://git.example.org/api/v3"))
    assert (ours.web, ours.issuer) == ("https://git.example.org", "https://git.example.org/_services/token")
    assert (github().web, github().issuer) == ("https://github.com", "https://token.actions.githubusercontent.com")
