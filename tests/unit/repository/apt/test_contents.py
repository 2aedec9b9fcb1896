"""Contents: whatever is done to a suite, they say what its packages hold, and a change costs what it touches."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, PackageName, SuiteName
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.pool import members_in
from katpkg.repository.apt.blocks import Sizes, read_members
from katpkg.repository.apt.contents import Contents, lines
from katpkg.repository.apt.stanza import Stanza
from tests.builders import make_deb, make_package, make_suite
from tests.fakes import MemoryStore

ARM64 = Architecture("arm64")
STABLE = make_suite(contents=True)
TESTING = make_suite(name=SuiteName("bookworm-testing"), contents=True)
WITHOUT = make_suite()

SMALL = Sizes(least=150, spread=60, most=400)
"""So that few lines are many blocks."""

NAMES = [PackageName(f"p{number}") for number in range(6)]
LINES = st.sets(st.tuples(st.sampled_from(NAMES), st.integers(0, 60)), max_size=80)


def line(name: str, number: int) -> tuple[bytes, bytes]:
    return f"usr/share/{number:03}".encode(), f"net/{name}".encode()


def made_of(found: Iterable[tuple[PackageName, int]]) -> Contents:
    return Contents(where="Contents").revised([line(*each) for each in found], sizes=SMALL)


@settings(max_examples=100)
@given(LINES, LINES, st.sets(st.sampled_from(NAMES), max_size=3))
def test_the_way_to_contents_makes_no_difference_to_their_bytes(
    first: set[tuple[PackageName, int]], second: set[tuple[PackageName, int]], gone: set[PackageName]
) -> None:
    step = made_of(first).revised([line(*each) for each in second], sizes=SMALL)
    last = step.revised((), gone, sizes=SMALL)
    once = made_of(each for each in first | second if each[0] not in gone)
    assert last.gz == once.gz
    assert last.plain == once.plain == Digest.of(gzip.decompress(last.gz))


@settings(max_examples=50)
@given(LINES, st.sets(st.sampled_from(NAMES), max_size=3))
def test_the_lines_of_packages_are_found_again(found: set[tuple[PackageName, int]], names: set[PackageName]) -> None:
    wanted = {line(*each) for each in found if each[0] in names}
    assert set(made_of(found).lines_of(names)) == wanted


def test_one_more_package_makes_one_or_two_blocks_anew() -> None:
    many = [(f"opt/venvs/p{number:02}/lib/{file:04}".encode(), b"net/p") for number in range(60) for file in range(900)]
    before = Contents(where="").revised(many)
    after = before.revised([(b"opt/venvs/p31/lib/new", b"net/qq"), (b"opt/venvs/p31/lib/0001", b"net/qq")])
    blocks = [[bytes(member) for _, member in read_members(each.gz)] for each in (before, after)]
    assert len(blocks[0]) > 2
    assert len(set(blocks[1]) - set(blocks[0])) <= 2
    assert after.gz == Contents(where="").revised([*many, *after.lines_of({PackageName("qq")})]).gz


def stanza(tmp_path: Path, section: str = "") -> Stanza:
    package = make_package(tmp_path)
    fields = {**package.fields, **({"Section": section} if section else {})}
    return Stanza.of(replace(package, fields=fields), "pool/x.deb")


@pytest.mark.parametrize(
    ("section", "owner"),
    [("net", b"net/kat-web"), ("contrib/net", b"contrib/net/kat-web"), ("", b"kat-web"), ("a,b c", b"kat-web")],
)
def test_a_package_is_named_with_its_section_where_that_can_be_read_again(
    section: str, owner: bytes, tmp_path: Path
) -> None:
    assert list(lines(stanza(tmp_path, section), ["/usr/bin/x"])) == [(b"usr/bin/x", owner)]


def test_paths_of_all_kinds_come_back_as_they_were(tmp_path: Path) -> None:
    paths = ["/usr/a b", "/usr/a ", "/usr/ä", "/usr/\udcff", "/usr/a,b", "/usr/a\rb", "/usr/c/", "/usr/c/d"]
    found = Contents(where="").revised(lines(stanza(tmp_path, "net"), paths))
    assert gzip.decompress(found.gz) == (
        b"usr/a\rb net/kat-web\nusr/a  net/kat-web\nusr/a b net/kat-web\nusr/a,b net/kat-web\n"
        b"usr/c/d net/kat-web\nusr/\xc3\xa4 net/kat-web\nusr/\xff net/kat-web\n"
    )
    assert len(list(found.lines_of({PackageName("kat-web")}))) == 7
    assert found.revised((), {PackageName("kat-web")}).plain.size == 0


def test_a_file_of_several_packages_names_them_all_and_a_new_section_takes_the_place_of_the_old() -> None:
    found = Contents(where="").revised([(b"x", b"net/a"), (b"x", b"net/b"), (b"y", b"net/a")])
    after = found.revised([(b"x", b"web/a")])
    assert gzip.decompress(after.gz) == b"x net/b,web/a\ny net/a\n"


@pytest.mark.parametrize(
    "gz", [gzip.compress(b"usr/x\n", mtime=0), gzip.compress(b"usr/x net/a\n", mtime=0)[:-9], b"text"]
)
def test_contents_that_cannot_be_read_are_told(gz: bytes) -> None:
    theirs = Contents(where="dists/x/main/Contents-amd64.gz", gz=gz)
    with pytest.raises(RepositoryError, match="the published Contents cannot be read") as caught:
        theirs.revised([(b"a", b"b")])
    assert caught.value.where == "dists/x/main/Contents-amd64.gz"
    assert "publish.contents = false" in str(caught.value.hint)


@pytest.fixture
def real(tmp_path: Path) -> tuple[MemoryStore, Stanza]:
    """A store with one real package, and its stanza."""
    deb = read_deb(make_deb(tmp_path, files={"usr/bin/thing": "x\n"}))
    store = MemoryStore()
    store.put("pool/thing.deb", deb.path.read_bytes())
    return store, Stanza.of(deb, "pool/thing.deb")


def test_what_a_published_package_holds_is_read_from_its_file(real: tuple[MemoryStore, Stanza]) -> None:
    assert members_in(*real) == ("/usr/", "/usr/bin/", "/usr/bin/thing")


@pytest.mark.parametrize("fault", ["the file is missing", "is no valid package", "there is:"])
def test_a_package_that_is_not_what_was_published_is_told(fault: str, real: tuple[MemoryStore, Stanza]) -> None:
    store, wanted = real
    match fault:
        case "the file is missing":
            store.delete(wanted.filename)
        case "is no valid package":
            store.put(wanted.filename, b"text")
        case _:
            wanted = replace(wanted, digest=Digest.of(b"other"))
    with pytest.raises(RepositoryError) as caught:
        members_in(store, wanted)
    assert caught.value.message == "what demo-thing 1.0-1 holds cannot be read, and Contents would be without it"
    assert caught.value.where == "memory:pool/thing.deb"
    assert fault in str(caught.value.details)
