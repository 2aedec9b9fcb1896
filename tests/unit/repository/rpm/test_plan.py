"""What publishing, removing, promoting and going back write in a repository of RPMs."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest

from katpkg.errors import RepositoryError, SigningError
from katpkg.model.names import Selector
from katpkg.repository.apt.changes import Optimize, Promote, Refresh, Remove, Restore
from katpkg.repository.publication import Commit, Phase
from katpkg.repository.rpm.changes import admit
from katpkg.repository.rpm.generation import Generation, Pointer
from katpkg.repository.rpm.history import HISTORY
from tests.builders import make_package
from tests.unit.repository.rpm.conftest import STABLE, TESTING, MemoryRpms

MIRRORLIST = "rpm/el9/mirrorlist"


def current(rpms: MemoryRpms) -> Generation:
    found = Generation.current(rpms.store, rpms.signer, STABLE.name)
    assert found is not None
    return found


def test_the_mirror_list_is_written_last_and_everything_it_leads_to_is_there(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    assert rpms.store.log[-1] == MIRRORLIST
    name = current(rpms).name
    assert rpms.store.objects[MIRRORLIST].decode() == f"https://example.org/archive/rpm/el9/generations/{name}/\n"
    assert rpms.listed() == ["demo-a_1.0"]


def test_publishing_twice_changes_nothing(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    before = dict(rpms.store.objects)
    assert not rpms.add("demo-a")
    assert rpms.store.objects == before


def test_what_was_built_from_equal_inputs_is_not_even_signed_again(rpms: MemoryRpms) -> None:
    package = rpms.package("demo-a", tags=[f"Provides: katpkg-inputs = {'a' * 64}"])
    rpms.make(rpms.repository().adding([package]))
    assert rpms.repository().published(rpms.store, rpms.signer)[0].inputs == "a" * 64
    assert not rpms.make(rpms.repository().adding([package]))
    assert rpms.package_signer.signed == ["demo-a"]


def test_other_bytes_under_a_published_name_are_refused_and_nothing_is_changed(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    before = dict(rpms.store.objects)
    with pytest.raises(RepositoryError, match=r"demo-a 1\.0-1\.el9 is already published with different contents"):
        rpms.make(rpms.repository().adding([rpms.package("demo-a", content="other")]))
    assert rpms.store.objects == before


def test_of_two_files_of_one_package_none_is_signed(rpms: MemoryRpms) -> None:
    packages = [rpms.package("demo-a"), rpms.package("demo-a", content="other")]
    with pytest.raises(RepositoryError, match=r"there are two files of demo-a 1\.0-1\.el9 with different contents"):
        rpms.repository().adding(packages)
    epochs = [rpms.package("demo-b"), rpms.package("demo-b", tags=["Epoch: 1"])]
    with pytest.raises(RepositoryError, match=r"demo-b 1\.0-1\.el9 and demo-b 1:1\.0-1\.el9 would have one file"):
        rpms.repository().adding(epochs)
    assert rpms.package_signer.signed == []


def test_publishing_adds_and_never_overwrites(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    before = dict(rpms.store.objects)
    publication = rpms.add("demo-b", "demo-a_0.9")
    assert rpms.listed() == ["demo-a_0.9", "demo-a_1.0", "demo-b_1.0"]
    assert publication.title == "el9: demo-a 0.9-1.el9, demo-b 1.0-1.el9"
    changed = {key for key, content in before.items() if rpms.store.objects[key] != content}
    assert changed == {MIRRORLIST}
    phases = [action.phase for action in publication.actions]
    assert phases == sorted(phases)
    assert publication.of(Phase.COMMIT) == publication.actions[-1:]


def test_a_published_package_is_not_read_again(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    read: list[str] = []
    rpms.store.hook = lambda _, operation, key: read.append(f"{operation} {key}")
    rpms.add("demo-b")
    assert not [each for each in read if "pool/" in each and "demo-b" not in each]


def test_records_of_what_is_published_are_copied_byte_for_byte(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    old = gzip.decompress(rpms.store.objects[current(rpms).key("primary")])
    rpms.add("demo-b")
    new = gzip.decompress(rpms.store.objects[current(rpms).key("primary")])
    record = old[old.index(b"<package ") : old.index(b"</metadata>")]
    assert record in new
    assert b'packages="1"' in old
    assert b'packages="2"' in new


def test_who_is_quicker_wins_and_the_other_one_plans_again(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    other = rpms.package("demo-b")

    def intrude(_: int, operation: str, key: str) -> None:
        if operation == "replace" and key == MIRRORLIST:
            rpms.store.hook = None
            rpms.store.now += timedelta(minutes=1)
            rpms.publisher().publish(rpms.repository().adding([other]))
            rpms.store.now += timedelta(minutes=1)

    rpms.store.hook = intrude
    rpms.add("demo-c")
    assert rpms.listed() == ["demo-a_1.0", "demo-b_1.0", "demo-c_1.0"]


def test_killed_before_the_commit_everything_is_as_it_was(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    pointer = Pointer.read(rpms.store, STABLE.name)

    def kill(_: int, operation: str, __: str) -> None:
        if operation == "replace":
            raise KeyboardInterrupt

    rpms.store.hook = kill
    with pytest.raises(KeyboardInterrupt):
        rpms.add("demo-b")
    rpms.store.hook = None
    assert Pointer.read(rpms.store, STABLE.name) == pointer
    assert rpms.listed() == ["demo-a_1.0"]
    assert [state.name for state in HISTORY.states(rpms.store, rpms.signer, STABLE.name)] == [current(rpms).name]
    rpms.add("demo-b")
    assert rpms.listed() == ["demo-a_1.0", "demo-b_1.0"]


def test_a_removed_package_leaves_the_metadata_and_its_file_stays(rpms: MemoryRpms) -> None:
    rpms.add("demo-a", "demo-b")
    assert rpms.make(Remove(packages=[Selector("demo-a")])).title == "el9: without demo-a 1.0-1.el9"
    assert rpms.listed() == ["demo-b_1.0"]
    assert "pool/el9/main/d/demo-a/demo-a-1.0-1.el9.noarch.rpm" in rpms.store.objects
    with pytest.raises(RepositoryError, match="demo-x is not published in el9"):
        rpms.make(Remove(packages=[Selector("demo-x")]))


def test_an_earlier_state_comes_back_under_a_new_date(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    first = current(rpms)
    rpms.add("demo-b")
    rpms.make(Remove(packages=[Selector("demo-a")]))
    rpms.make(Restore(generation=first.name))
    assert rpms.listed() == ["demo-a_1.0"]
    assert current(rpms).repomd.date > first.repomd.date
    states = HISTORY.states(rpms.store, rpms.signer, STABLE.name)
    assert [state.is_current for state in states] == [True, False, False, False]
    found = [each and (each.added, each.removed) for each in HISTORY.differences(rpms.store, states)]
    a, b = ("demo-a 1.0-1.el9",), ("demo-b 1.0-1.el9",)
    assert found == [(a, b), ((), a), (b, ()), None]
    assert HISTORY.find(rpms.store, STABLE.name, first.name[:16]) == first.name


def test_what_never_was_cannot_come_back(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    with pytest.raises(RepositoryError, match="there is no generation 20260301T000000Z-0123456789abcdef of el9"):
        rpms.make(Restore(generation="20260301T000000Z-0123456789abcdef"))
    with pytest.raises(RepositoryError, match="there is no earlier generation '2025' of el9"):
        HISTORY.find(rpms.store, STABLE.name, "2025")


def test_a_promotion_takes_the_very_files(rpms: MemoryRpms) -> None:
    rpms.add("demo-a", "demo-b", "demo-c_1.0~~dev3", suite=TESTING)
    publication = rpms.make(Promote(source=TESTING, packages=[Selector("demo-[ac]")]))
    assert rpms.listed() == ["demo-a_1.0"]
    assert not [action for action in publication.of(Phase.POOL) if action.size]
    assert rpms.package_signer.signed == ["demo-a", "demo-b", "demo-c"]
    rpms.make(Promote(source=TESTING))
    assert rpms.listed() == ["demo-a_1.0", "demo-b_1.0"]


def test_a_promotion_stays_in_its_release(rpms: MemoryRpms) -> None:
    with pytest.raises(RepositoryError, match="a package of one does not fit the other"):
        rpms.make(Promote(source=replace(TESTING, codename=STABLE.codename.__class__("fedora42"))))
    with pytest.raises(RepositoryError, match="nothing is published in el9-testing"):
        rpms.make(Promote(source=TESTING))
    assert rpms.store.objects == {}


def test_a_refresh_is_a_new_generation_and_nothing_else_is(rpms: MemoryRpms) -> None:
    assert not rpms.make(Refresh())
    rpms.add("demo-a")
    first = current(rpms)
    assert rpms.make(Refresh()).title == "el9: the same packages"
    assert current(rpms).repomd.says_the_same(first.repomd)
    assert current(rpms).name != first.name
    assert not rpms.make(Optimize())


def test_an_archive_that_moves_changes_the_mirror_list_alone(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    rpms.store.now += timedelta(minutes=1)
    moved = rpms.publisher(uri="https://elsewhere.example.org").publish(Optimize())
    assert [type(action) for action in moved.actions] == [Commit]
    assert rpms.store.objects[MIRRORLIST].startswith(b"https://elsewhere.example.org/rpm/el9/generations/")
    assert rpms.listed() == ["demo-a_1.0"]


def test_nothing_is_published_over_a_suite_whose_mirror_list_was_lost(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    rpms.add("demo-b")
    rpms.add("demo-t", suite=TESTING)
    rpms.store.delete(MIRRORLIST)
    before = dict(rpms.store.objects)
    for change in (rpms.repository().adding([rpms.package("demo-c")]), Promote(source=TESTING)):
        with pytest.raises(RepositoryError, match="the mirror list is lost") as caught:
            rpms.make(change)
        assert caught.value.where == MIRRORLIST
        assert "katpkg rollback el9 GENERATION" in str(caught.value.hint)
    assert rpms.store.objects == before
    (earlier,) = (key.rpartition("/")[2] for key in before if "/replaced/" in key)
    rpms.make(Restore(generation=earlier))
    assert rpms.listed() == ["demo-a_1.0"]


def test_of_two_first_publications_both_land(rpms: MemoryRpms) -> None:
    others = [rpms.package("demo-b"), rpms.package("demo-c")]

    def intrude(_: int, operation: str, __: str) -> None:
        if operation == "list":
            rpms.store.hook = None
            for each in others:
                rpms.make(rpms.repository().adding([each]))
            rpms.store.now += timedelta(minutes=1)

    rpms.store.hook = intrude
    rpms.add("demo-a")
    assert rpms.listed() == ["demo-a_1.0", "demo-b_1.0", "demo-c_1.0"]


@pytest.mark.parametrize("change", ["cut", "moved", "unsigned", "lost", "list"])
def test_what_is_not_whole_or_not_ours_is_not_built_upon(change: str, rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    generation = current(rpms)
    repomd = f"rpm/el9/generations/{generation.name}/repodata/repomd.xml"
    spoil = {
        "cut": (generation.key("filelists"), b"", "a metadata file that repomd.xml names is missing, or is not"),
        "moved": (repomd, generation.text.replace(b"el9", b"el8"), "in the place of"),
        "unsigned": (f"{repomd}.asc", b"", "not signed by the fake"),
        "lost": (repomd, None, "the generation that the mirror list leads to is not there"),
        "list": (MIRRORLIST, b"https://example.org/\n", "the mirror list cannot be followed"),
    }
    key, content, said = spoil[change]
    if content is None:
        del rpms.store.objects[key]
    else:
        rpms.store.objects[key] = content
    before = dict(rpms.store.objects)
    with pytest.raises((RepositoryError, SigningError), match=said):
        rpms.add("demo-b")
    assert rpms.store.objects == before


def test_another_suites_signed_state_is_not_taken_for_ours(rpms: MemoryRpms) -> None:
    rpms.add("demo-a", suite=TESTING)
    for key, content in list(rpms.store.objects.items()):
        rpms.store.put(key.replace("rpm/el9-testing/", "rpm/el9/"), content)
    with pytest.raises(RepositoryError, match=r"of el9-testing, in the place of .* of el9"):
        rpms.add("demo-b")


@pytest.mark.parametrize(
    ("word", "changes", "said"),
    [
        ("demo-a_1.0~~dev1", {}, "is a development version, and el9 is what users follow"),
        ("demo-a_1.0+1", {}, "has a plus sign in its version"),
        ("demo-a", {"machine": "s390x"}, "is for s390x, which el9 does not serve"),
    ],
)
def test_what_may_not_be_published_is_refused(word: str, changes: dict[str, str], said: str, rpms: MemoryRpms) -> None:
    with pytest.raises(RepositoryError, match=said):
        admit(STABLE, rpms.package(word, **changes))


def test_a_deb_is_refused(rpms: MemoryRpms, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(RepositoryError, match=r"is a \.deb, and el9 has \.rpm files alone"):
        admit(STABLE, make_package(tmp_path_factory.mktemp("deb")))
    assert rpms.store.objects == {}
