"""apt as the judge, that of bookworm and that of trixie: an index of many blocks, and what is done to it meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.model.names import Component, Selector, SuiteName
from katpkg.repository.apt.blocks import read_blocks
from katpkg.repository.apt.changes import Remove, Restore
from katpkg.repository.keys import NewKey, PublicKey, new_key
from katpkg.repository.signing import GpgSigner
from scripts.lab.roots import debian_root
from tests.clients import Client
from tests.sites import SUITE, Fill, Site, made_up
from tests.web import Web, serving

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("apt_reads")]

CONTRIB = Component("contrib")
TESTING = replace(SUITE, name=SuiteName("bookworm-testing"))
MANY = 4000
INDEX = "/dists/bookworm/main/binary-amd64/"


@pytest.fixture(scope="module")
def key() -> NewKey:
    return new_key("archive <archive@example.org>")


@pytest.fixture(scope="module")
def signer(key: NewKey) -> Iterator[GpgSigner]:
    with GpgSigner(PublicKey.parse(key.public, "key"), key.secret, "") as signer:
        yield signer


@pytest.fixture(scope="module")
def filled(key: NewKey, signer: GpgSigner, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Thousands of packages, one of them real; never to be changed."""
    site = Site(root=tmp_path_factory.mktemp("filled"), signer=signer)
    site.key.write_bytes(key.public)
    site.make(Fill(stanzas=[made_up(f"package{number:06}") for number in range(0, MANY * 2, 2)]))
    site.add("package000003")
    return site


@pytest.fixture
def site(filled: Site, tmp_path: Path) -> Site:
    """The same, for one test."""
    shutil.copytree(filled.root, tmp_path / "site")
    return replace(filled, root=tmp_path / "site")


@pytest.fixture
def empty(key: NewKey, signer: GpgSigner, tmp_path: Path) -> Site:
    """An archive before its first publication."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/key.asc").write_bytes(key.public)
    return Site(root=tmp_path / "site", signer=signer)


@pytest.fixture(params=["bookworm", "trixie"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Client:
    """apt 2.6 and apt 3.0."""
    inside = debian_root("trixie") if request.param == "trixie" else None
    client = Client(directory=tmp_path / "client", inside=inside)
    (tmp_path / "client/here").mkdir(parents=True)
    return client


@pytest.fixture
def web(site: Site) -> Iterator[Web]:
    with serving(site.public) as web:
        yield web


def asked(web: Web, part: str = "") -> list[str]:
    """What was asked for below the archive since this was last called, and there: not what apt only tries."""
    paths = [path for path, status in web.log if status == 200 and part in path]
    web.log.clear()
    return paths


def patches(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if "Packages.diff/2" in path]


def whole(paths: Sequence[str]) -> list[str]:
    """The requests for an index itself."""
    return [
        path for path in paths if path.startswith((f"{INDEX}by-hash/", f"{INDEX}Packages.")) and ".diff/" not in path
    ]


def test_both_apts_are_those_of_their_releases(client: Client) -> None:
    said = Client(directory=client.directory, inside=client.inside)
    (client.directory / "apt.conf").write_text("")
    assert said.run("apt-get", "--version").startswith("apt 3." if client.inside else "apt 2.6")


def test_an_index_of_many_blocks_is_read_whole_and_under_its_digest(client: Client, site: Site, web: Web) -> None:
    gz = (site.public / INDEX[1:] / "Packages.gz").read_bytes()
    assert len(list(read_blocks(gz, None))) >= 5
    client.follow(web.url, site.key)
    client.update()
    (fetched,) = whole(asked(web))
    assert "/by-hash/SHA256/" in fetched
    assert client.lists("_Packages") == site.plain()
    assert len(client.run("apt-cache", "pkgnames").split()) == MANY + 1
    client.run("apt-get", "download", "package000003")
    (deb,) = site.public.glob("pool/**/package000003_*.deb")
    assert client.downloaded() == [deb.read_bytes()]


@pytest.mark.parametrize("form", ["gz", "xz"])
def test_each_form_of_an_index_of_many_blocks_is_read(form: str, client: Client, site: Site, web: Web) -> None:
    client.follow(web.url, site.key)
    order = "Acquire::CompressionTypes::Order::"
    with (client.directory / "apt.conf").open("a") as config:
        config.write(f'{order} "{form}";\n')
    client.update()
    (fetched,) = whole(asked(web))
    listed = (site.public / INDEX[1:] / f"Packages.{form}").read_bytes()
    assert (site.public / fetched[1:]).read_bytes() == listed
    assert client.lists("_Packages") == site.plain()


def test_a_client_that_finds_no_inrelease_reads_release_and_its_signature(client: Client, site: Site, web: Web) -> None:
    (site.public / "dists/bookworm/InRelease").unlink()
    client.follow(web.url, site.key)
    client.update()
    fetched = [path for path in asked(web) if path.startswith("/dists/bookworm/Release")]
    assert fetched == ["/dists/bookworm/Release", "/dists/bookworm/Release.gpg"]
    assert client.lists("_Packages") == site.plain()
    client.run("apt-get", "download", "package000003")
    assert len(client.downloaded()) == 1


@pytest.mark.parametrize("spoilt", [b"more\n", b"\nMore: lines\n", b"\n"])
def test_a_client_that_finds_no_inrelease_refuses_a_release_that_was_changed(
    spoilt: bytes, client: Client, site: Site, web: Web
) -> None:
    (site.public / "dists/bookworm/InRelease").unlink()
    release = site.public / "dists/bookworm/Release"
    release.write_bytes(release.read_bytes() + spoilt)
    client.follow(web.url, site.key)
    with pytest.raises(AssertionError, match=r"is not signed|invalid"):
        client.update()
    assert not list((client.directory / "var/lib/apt/lists").glob("*_Packages"))


def test_after_one_more_package_a_client_fetches_what_changed_and_no_more(client: Client, site: Site, web: Web) -> None:
    client.follow(web.url, site.key)
    client.update()
    asked(web)
    site.fill("package004001")
    client.update()
    paths = asked(web)
    assert len(patches(paths)) == 1
    assert whole(paths) == []
    assert client.lists("_Packages") == site.plain()
    assert "package004001" in client.run("apt-cache", "pkgnames")


def test_publications_in_many_places_that_were_missed_are_made_up_for_in_turn(
    client: Client, site: Site, web: Web
) -> None:
    client.follow(web.url, site.key)
    client.update()
    asked(web)
    site.fill("package000001")
    site.make(Fill(stanzas=[made_up(name) for name in ("package000005", "package004001", "package007001")]))
    site.make(Remove(packages=(Selector("package00200?"), Selector("package00[35]000"))))
    client.update()
    paths = asked(web)
    assert len(patches(paths)) == 3
    assert whole(paths) == []
    assert client.lists("_Packages") == site.plain()
    assert "package002000" not in client.run("apt-cache", "pkgnames")


def test_who_missed_more_publications_than_there_are_patches_fetches_the_whole(
    client: Client, site: Site, web: Web
) -> None:
    client.follow(web.url, site.key)
    client.update()
    asked(web)
    site.fill(*(f"package00{number}1" for number in range(100, 115)))
    client.update()
    paths = asked(web)
    assert patches(paths) == []
    assert len(whole(paths)) == 1
    assert client.lists("_Packages") == site.plain()


def test_after_a_rollback_a_client_fetches_the_whole(client: Client, site: Site, web: Web) -> None:
    site.fill("package004001")
    client.follow(web.url, site.key)
    client.update()
    asked(web)
    site.make(Restore(generation=site.generations()[-1]))
    client.update()
    paths = asked(web)
    assert patches(paths) == []
    assert len(whole(paths)) == 1
    assert client.lists("_Packages") == site.plain()
    assert "package004001" not in client.run("apt-cache", "pkgnames")
    site.fill("package004003")
    client.update()
    assert len(patches(asked(web))) == 1
    assert client.lists("_Packages") == site.plain()


def test_a_client_that_has_the_inrelease_of_before_can_still_finish(client: Client, site: Site, web: Web) -> None:
    before = site.plain()
    web.meanwhile["/InRelease"] = lambda: site.fill("package004001")
    client.follow(web.url, site.key)
    client.update()
    assert site.plain() != before
    assert client.lists("_Packages") == before
    client.update()
    assert client.lists("_Packages") == site.plain()


def test_a_client_that_is_about_to_patch_can_still_finish(client: Client, site: Site, web: Web) -> None:
    client.follow(web.url, site.key)
    client.update()
    site.fill("package004001")
    between = site.plain()
    asked(web)
    web.meanwhile["/InRelease"] = lambda: site.fill("package004003")
    client.update()
    assert client.lists("_Packages") == between
    assert whole(asked(web)) == []


def test_a_client_of_another_architecture_sees_its_packages_and_those_for_all(
    client: Client, site: Site, web: Web
) -> None:
    ours = site.add("for-arm", "arm64")
    client.follow(web.url, site.key, architecture="arm64")
    client.update()
    assert set(client.run("apt-cache", "pkgnames").split()) == {"for-arm", "package000003"}
    client.run("apt-get", "download", "for-arm", "package000003")
    assert len(client.downloaded()) == 2
    assert ours in client.downloaded()


def test_nothing_comes_from_a_channel_unless_it_is_asked_for(client: Client, empty: Site) -> None:
    empty.add("thing", version="1.0-1")
    empty.add("thing", version="2.0-1", suite=TESTING)
    empty.add("other", suite=TESTING)
    with serving(empty.public) as web:
        client.follow(web.url, empty.key, suites="bookworm bookworm-testing")
        client.update()
        policy = client.run("apt-cache", "policy", "thing", "other")
        words = [line.split() for line in policy.splitlines()]
        assert [line[1] for line in words if line[0] == "Candidate:"] == ["1.0-1", "1.0-1"]
        assert [line[0] for line in words if line[-1] == "Packages"] == ["100", "500", "100"]
        client.run("apt-get", "download", "thing/bookworm-testing")
        assert client.downloaded() == [next(empty.public.glob("pool/**/thing_2.0-1_all.deb")).read_bytes()]


def test_packages_of_two_components_are_got_from_both(client: Client, empty: Site) -> None:
    ours = [empty.add("thing-a"), empty.add("thing-b", suite=replace(SUITE, component=CONTRIB))]
    with serving(empty.public) as web:
        client.follow(web.url, empty.key, components="main contrib")
        client.update()
        client.run("apt-get", "download", "thing-a", "thing-b")
        assert client.downloaded() == ours
        client.follow(web.url, empty.key)
        client.update()
        assert client.run("apt-cache", "pkgnames").split() == ["thing-a"]


def test_an_empty_index_is_one_that_clients_read(client: Client, empty: Site) -> None:
    empty.add("thing-a")
    empty.make(Remove(packages=(Selector("thing-a"),)))
    with serving(empty.public) as web:
        client.follow(web.url, empty.key)
        client.update()
        assert client.run("apt-cache", "pkgnames") == ""
