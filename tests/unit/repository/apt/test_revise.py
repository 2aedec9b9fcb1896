"""Revising an index: whatever the way to it, the same packages give the same bytes, and little is made anew."""

from __future__ import annotations

import gzip
import lzma
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import PackageName
from katpkg.model.version import Version
from katpkg.repository.apt.blocks import ORDINARY, Sizes, read_blocks
from katpkg.repository.apt.index import NOTHING, Index
from katpkg.repository.apt.revise import Edits, Revision, optimize, revise
from katpkg.repository.apt.stanza import Stanza
from katpkg.repository.apt.xz import split_blocks

WORDS = ["archive", "index", "stream", "filter", "cache", "image", "signal", "kernel", "driver", "graph", "object"]


def stanza(name: str, version: str = "1.0-1", architecture: str = "amd64", size: int = 900) -> Stanza:
    words = random.Random(f"{name} {version}")
    text = (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n"
        f"Description: {' '.join(words.choices(WORDS, k=size // 8))}\n"
        f"Filename: pool/{name}_{version}_{architecture}.deb\nSize: 1\nSHA256: {words.randbytes(32).hex()}\n\n"
    )
    return Stanza.parse(text.encode())


def many(count: int, step: int = 1) -> list[Stanza]:
    return [stanza(f"package{number:06}") for number in range(0, count * step, step)]


def index(revision: Revision) -> Index:
    return Index(where="Packages", gz=revision.gz, xz=revision.xz)


def made_of(stanzas: Sequence[Stanza], sizes: Sizes = ORDINARY) -> Revision:
    return revise(NOTHING, Edits(add=sorted(stanzas, key=lambda each: each.key)), sizes)


def blocks_of(revision: Revision) -> list[bytes]:
    return [bytes(block.content) for block in split_blocks(revision.xz)]


@pytest.fixture(scope="module")
def thousands() -> list[Stanza]:
    """Enough for several blocks."""
    return many(4000, step=2)


def test_both_files_hold_the_stanzas_in_order() -> None:
    stanzas = [stanza("kat-b"), stanza("kat-a", "1.10-1"), stanza("kat-a", "1.9-1"), stanza("kat-a", "1.10~rc1-1")]
    revision = made_of(stanzas)
    plain = gzip.decompress(revision.gz)
    assert lzma.decompress(revision.xz) == plain
    assert revision.plain == Digest.of(plain)
    assert [f"{each}" for each in index(revision).stanzas()] == [
        "kat-a 1.9-1",
        "kat-a 1.10~rc1-1",
        "kat-a 1.10-1",
        "kat-b 1.0-1",
    ]


def test_an_index_without_packages_is_a_valid_file() -> None:
    revision = made_of([])
    assert gzip.decompress(revision.gz) == lzma.decompress(revision.xz) == b""
    more = revise(index(revision), Edits(add=[stanza("kat-a")]))
    assert (more.gz, more.xz) == (made_of([stanza("kat-a")]).gz, made_of([stanza("kat-a")]).xz)


SMALL = Sizes(least=1500, spread=600, most=4000)
"""So that few packages are many blocks."""

NAMES = st.sampled_from([f"p{number:02}" for number in range(40)])
VERSIONS = st.sampled_from(["1.0", "1.0~rc1", "1.9", "1.10", "1:0.1", "1.0-1~deb12u1"])
PACKAGES = st.sets(st.tuples(NAMES, VERSIONS), max_size=60)


def stanzas_of(packages: set[tuple[str, str]]) -> list[Stanza]:
    return [stanza(name, version, size=150) for name, version in packages]


@settings(max_examples=100)
@given(PACKAGES, PACKAGES, PACKAGES)
def test_the_way_to_an_index_makes_no_difference_to_its_bytes(
    first: set[tuple[str, str]], second: set[tuple[str, str]], dropped: set[tuple[str, str]]
) -> None:
    once = made_of(stanzas_of((first | second) - dropped), SMALL)
    more = Edits(add=sorted(stanzas_of(second), key=lambda each: each.key))
    step = revise(index(made_of(stanzas_of(first), SMALL)), more, SMALL)
    drop: dict[PackageName, frozenset[Version]] = {}
    for name, version in dropped:
        drop[PackageName(name)] = drop.get(PackageName(name), frozenset()) | {Version(version)}
    last = revise(index(step), Edits(drop=drop), SMALL)
    assert (last.gz, last.xz, last.plain) == (once.gz, once.xz, once.plain)
    assert {each.key for each in last.dropped} == {each.key for each in stanzas_of(dropped & (first | second))}


def apply_hunks(old: bytes, revision: Revision) -> bytes:
    """What ed(1) makes of the hunks, done plainly."""
    lines = old.splitlines(keepends=True)
    for line, gone, come in reversed(revision.hunks):
        lines[line : line + gone] = [come]
    return b"".join(lines)


@settings(max_examples=100)
@given(PACKAGES.filter(bool), PACKAGES, st.sets(NAMES, max_size=10))
def test_the_hunks_lead_from_the_old_text_to_the_new(
    first: set[tuple[str, str]], second: set[tuple[str, str]], dropped: set[str]
) -> None:
    before = made_of(stanzas_of(first), SMALL)
    edits = Edits(
        add=sorted(stanzas_of({each for each in second if each[0] not in dropped}), key=lambda each: each.key),
        drop={PackageName(name): frozenset() for name in dropped},
    )
    after = revise(index(before), edits, SMALL)
    assert apply_hunks(gzip.decompress(before.gz), after) == gzip.decompress(after.gz)


def test_one_more_package_makes_one_or_two_blocks_anew(thousands: list[Stanza]) -> None:
    before = made_of(thousands)
    assert len(blocks_of(before)) > 6
    for number in (1, 2001, 4001, 7999, 9001):
        after = revise(index(before), Edits(add=[stanza(f"package{number:06}")]))
        assert len(set(blocks_of(after)) - set(blocks_of(before))) <= 2
        once = made_of([*thousands, stanza(f"package{number:06}")])
        assert (after.gz, after.xz, after.plain) == (once.gz, once.xz, once.plain)


def test_blocks_are_as_large_as_they_are_meant_to_be(thousands: list[Stanza]) -> None:
    sizes = [len(plain) for plain, _ in read_blocks(made_of(thousands).gz, None)]
    assert all(ORDINARY.least <= size < ORDINARY.most + 2000 for size in sizes[:-1])


def test_an_optimized_index_is_as_small_as_one_stream_and_can_be_revised(thousands: list[Stanza]) -> None:
    before = made_of(thousands)
    small = optimize(index(before))
    plain = gzip.decompress(before.gz)
    assert gzip.decompress(small.gz) == lzma.decompress(small.xz) == plain
    assert len(small.xz) <= 1.01 * len(lzma.compress(plain, preset=6))
    more = stanza("package000001")
    assert revise(index(small), Edits(add=[more])).gz == made_of([*thousands, more]).gz


def foreign(plain: bytes) -> Iterator[Index]:
    """The same index as others would make it."""
    whole = gzip.compress(plain)
    yield Index(where="Packages", gz=whole, xz=None)
    yield Index(where="Packages", gz=whole, xz=lzma.compress(plain, check=lzma.CHECK_CRC32))
    yield Index(where="Packages", gz=whole, xz=lzma.compress(plain))
    yield Index(where="Packages", gz=gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]), xz=lzma.compress(plain))


def test_an_index_that_somebody_else_made_becomes_ours(thousands: list[Stanza]) -> None:
    ours, more = made_of(thousands[:1500]), stanza("package000001")
    *plain_ones, cut_inside = foreign(gzip.decompress(ours.gz))
    for theirs in plain_ones:
        revised, wanted = revise(theirs, Edits(add=[more])), made_of([*thousands[:1500], more])
        assert (revised.gz, revised.xz) == (wanted.gz, wanted.xz)
    with pytest.raises(RepositoryError, match="cannot be read"):
        revise(cut_inside, Edits(add=[more]))


def test_what_is_there_already_stays_as_it_is() -> None:
    before = made_of([stanza("kat-a"), stanza("kat-b")])
    after = revise(index(before), Edits(add=[stanza("kat-a")]))
    assert not after.is_change
    assert (after.gz, after.xz) == (before.gz, before.xz)


def test_other_bytes_of_a_published_package_are_refused() -> None:
    other = Stanza.parse(stanza("kat-a").text.replace(b"Size: 1\n", b"Size: 2\n"))
    with pytest.raises(RepositoryError) as caught:
        revise(index(made_of([stanza("kat-a")])), Edits(add=[other]))
    assert caught.value.message == "kat-a 1.0-1 is already published with different contents"
    assert "bytes" in str(caught.value.details)


@pytest.mark.parametrize(
    ("published", "more"),
    [
        (stanza("kat-a", architecture="all"), stanza("kat-a")),
        (stanza("kat-a"), stanza("kat-a", architecture="all")),
        (stanza("kat-a", "1.0"), stanza("kat-a", "1.0-0")),
        (stanza("kat-a", "1.0-01"), stanza("kat-a")),
    ],
)
def test_what_apt_would_call_one_version_is_not_published_twice(published: Stanza, more: Stanza) -> None:
    for before, adding in ([published], [more]), ([], [published, more]):
        with pytest.raises(RepositoryError, match="are one version for apt") as caught:
            revise(index(made_of(before)), Edits(add=sorted(adding, key=lambda each: each.key)))
        assert "next revision" in str(caught.value.hint)


def test_an_archive_that_has_one_version_twice_can_still_be_changed() -> None:
    made = b"".join(each.text for each in (stanza("kat-a", architecture="all"), stanza("kat-a")))
    twice = Index(where="Packages", gz=gzip.compress(made), xz=None)
    assert revise(twice, Edits(add=[stanza("kat-b")])).added
    assert revise(twice, Edits(drop={PackageName("kat-a"): frozenset()})).dropped


@pytest.mark.parametrize("damage", ["cut off", "changed", "no gzip file"])
def test_a_damaged_index_is_told(damage: str) -> None:
    gz = made_of(many(50)).gz
    content = {"cut off": gz[:-4], "changed": gz[:20] + b"\xff\xff" + gz[22:], "no gzip file": b"text"}[damage]
    broken = Index(where="dists/x/Packages.gz", gz=content, xz=None)
    with pytest.raises(RepositoryError, match="the published index cannot be read") as caught:
        revise(broken, Edits(add=[stanza("kat-a")]))
    assert caught.value.where == "dists/x/Packages.gz"
