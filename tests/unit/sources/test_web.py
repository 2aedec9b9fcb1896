"""Files on a web server: pinned, and whoever serves them is told nothing but what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line, Sha256
from katpkg.model.source import SourceSpec, WebAddress, WebSpec
from katpkg.sources.base import ArtifactSource, BrokenOff
from katpkg.sources.cache import Cache
from katpkg.sources.chosen import Sources
from katpkg.sources.web import WebSource
from tests.builders import make_module, make_target
from tests.github.hub import CONTENT, Hub, open_hub
from tests.github.server import Flaw
from tests.github.world import Stored
from tests.unit.pipeline.projects import make_project

RULE = ArtifactRule(
    name=Line("web-{version}_{codename}.zip"), version=Line("1.0"), sha256=Sha256(Digest.of(CONTENT).sha256)
)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with open_hub(tmp_path) as hub:
        hub.github.files["/files/v1.0/web-1.0_bookworm.zip"] = Stored(content=CONTENT)
        yield hub


def source(hub: Hub) -> WebSource:
    spec = WebSpec(kind="url", url=WebAddress(f"{hub.github.storage}/files/v{{version}}/"))
    return WebSource(spec, hub.access, hub.reporter)


def resolve(hub: Hub, rule: ArtifactRule = RULE) -> Artifact:
    return source(hub).resolve(make_module(), rule, make_target())


def test_the_file_is_that_of_the_version_and_the_target_and_its_date_is_the_servers(hub: Hub) -> None:
    found = resolve(hub)
    assert found.origin == f"{hub.github.storage}/files/v1.0/web-1.0_bookworm.zip"
    assert (found.digest, found.date) == (Digest.of(CONTENT), 1793534400)
    assert found.verified == "sha256 that the definition pins"
    assert found.provenance is None


def test_a_download_that_breaks_off_is_gone_on_with(hub: Hub) -> None:
    found = resolve(hub)
    hub.github.flaws = [Flaw(times=1, upto=1000)]
    assert Cache(hub.cache).get(found, source(hub)).read_bytes() == CONTENT
    assert [heard.headers.get("range") for heard in hub.github.heard] == [None, None, "bytes=1000-"]


def test_the_token_for_github_is_not_told(hub: Hub) -> None:
    Cache(hub.cache).get(resolve(hub), source(hub))
    assert hub.github.heard
    assert all("authorization" not in heard.headers for heard in hub.github.heard)


def test_a_file_that_is_not_there_is_said(hub: Hub) -> None:
    hub.github.files.clear()
    with pytest.raises(SourceError) as caught:
        resolve(hub)
    assert caught.value.message == "the server has no web-1.0_bookworm.zip: it answers 404"
    assert caught.value.hint == "look at source.url and artifact.name"


def test_a_server_in_trouble_is_asked_again_and_then_said(hub: Hub) -> None:
    hub.github.flaws = [Flaw(times=2, status=503)]
    assert resolve(hub).version == "1.0"
    hub.github.flaws = [Flaw(times=99, status=503)]
    with pytest.raises(BrokenOff, match="the server is in trouble: 503"):
        resolve(hub)


def test_what_is_pinned_must_be_what_a_source_offers_whichever_it_is(hub: Hub, tmp_path: Path) -> None:
    rule = ArtifactRule(name=Line("web-{version}.zip"), sha256=Sha256("0" * 64))
    module = make_module(artifact=rule, source=hub.spec())

    def open_source(_: SourceSpec) -> ArtifactSource:
        return hub.source()

    with pytest.raises(SourceError) as caught:
        Sources(make_project(tmp_path, module), open_source).resolve(module, rule, make_target())
    assert caught.value.message == "web-1.0.zip is not the artifact that is pinned"
    assert "artifact.sha256 in modules/web.toml" in str(caught.value.hint)
    assert str(Digest.of(CONTENT)) in str(caught.value.details)
