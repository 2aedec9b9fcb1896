"""What holds for every source of artifacts: a directory, runs and releases on GitHub, a web server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line, Sha256
from katpkg.model.source import WebAddress, WebSpec
from katpkg.report import NoMeter
from katpkg.sources.base import ArtifactSource
from katpkg.sources.cache import Cache
from katpkg.sources.local import DirectorySource
from katpkg.sources.web import WebSource
from tests.builders import make_module, make_target
from tests.github.hub import CONTENT, Hub, open_hub
from tests.github.world import Stored

RULE = ArtifactRule(name=Line("web-{version}.zip"), version=Line("1.0"), sha256=Sha256(Digest.of(CONTENT).sha256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A source that has version 1.0 of web, and the ways to spoil it."""

    source: ArtifactSource
    cache: Cache
    put: Callable[[bytes], object]
    """Have other bytes under the same name."""
    remove: Callable[[], object]

    def resolve(self, rule: ArtifactRule = RULE) -> Artifact:
        return self.source.resolve(make_module(), rule, make_target())


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with open_hub(tmp_path) as hub:
        yield hub


@pytest.fixture(params=["directory", "run", "release", "web server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    cache = Cache(tmp_path / "cache")
    if request.param == "directory":
        file = tmp_path / "artifacts" / "web-1.0.zip"
        file.parent.mkdir()
        file.write_bytes(CONTENT)
        return Place(source=DirectorySource(file.parent), cache=cache, put=file.write_bytes, remove=file.unlink)
    hub: Hub = request.getfixturevalue("hub")
    if request.param == "run":
        return on_github(hub, cache, hub.source(), hub.artifact["id"])
    if request.param == "release":
        release = hub.repository.release("v1.0", {"web-1.0.zip": CONTENT})
        return on_github(hub, cache, hub.source(take="releases", workflow=None), release["assets"][0]["id"])
    return on_the_web(hub, cache)


def on_github(hub: Hub, cache: Cache, source: ArtifactSource, number: int) -> Place:
    def put(content: bytes) -> None:
        hub.repository.stored[number].content = content

    def remove() -> None:
        for each in hub.repository.artifacts.values(), *(r["assets"] for r in hub.repository.releases):
            for offer in each:
                offer["name"] = "gone"
        hub.github.fail(f"/{number}", 404, "Not Found", times=99)

    return Place(source=source, cache=cache, put=put, remove=remove)


def on_the_web(hub: Hub, cache: Cache) -> Place:
    files = hub.github.files
    files["/v1.0/web-1.0.zip"] = Stored(content=CONTENT)
    spec = WebSpec(kind="url", url=WebAddress(f"{hub.github.storage}/v{{version}}"))
    return Place(
        source=WebSource(spec, hub.access, hub.reporter),
        cache=cache,
        put=lambda content: files.update({"/v1.0/web-1.0.zip": Stored(content=content)}),
        remove=files.clear,
    )


def test_what_is_resolved_says_what_it_is_and_is_what_is_fetched(place: Place) -> None:
    found = place.resolve()
    assert (found.module, found.codename, found.architecture) == ("web", "bookworm", "amd64")
    assert (found.name, found.version, found.digest) == ("web-1.0.zip", "1.0", Digest.of(CONTENT))
    assert found.verified
    assert found.origin
    assert place.cache.get(found, place.source).read_bytes() == CONTENT


def test_resolving_twice_finds_the_same(place: Place) -> None:
    assert place.resolve() == place.resolve()


def test_other_bytes_than_were_locked_are_refused_and_not_kept(place: Place, tmp_path: Path) -> None:
    found = place.resolve()
    place.put(CONTENT[::-1])
    with pytest.raises(SourceError) as caught:
        place.cache.get(found, place.source)
    assert caught.value.message == "web-1.0.zip is not the artifact that is locked"
    assert caught.value.hint == "if what is there now is right: katpkg fetch web"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_what_is_not_there_is_said_with_what_to_do(place: Place) -> None:
    place.remove()
    with pytest.raises(SourceError) as caught:
        place.resolve()
    assert caught.value.where
    assert caught.value.hint


def test_what_vanished_after_it_was_locked_is_said_and_nothing_is_kept(place: Place, tmp_path: Path) -> None:
    found = place.resolve()
    place.remove()
    with pytest.raises(SourceError) as caught:
        place.cache.get(found, place.source)
    assert caught.value.where
    assert caught.value.hint
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_what_is_in_the_cache_is_not_asked_for(place: Place) -> None:
    found = place.resolve()
    place.cache.get(found, place.source)
    place.remove()
    assert place.cache.get(found, place.source, NoMeter()).read_bytes() == CONTENT
