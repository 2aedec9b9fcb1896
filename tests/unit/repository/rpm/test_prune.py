"""What pruning takes of a repository of RPMs, and what it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from katpkg.errors import RepositoryError
from katpkg.model.archive import RetentionSpec
from katpkg.model.names import Selector
from katpkg.repository.apt.changes import Remove
from katpkg.repository.apt.retention import Expire
from katpkg.repository.rpm import layout
from tests.unit.repository.rpm.conftest import STABLE, TESTING, MemoryRpms


def test_old_versions_leave_and_the_newest_stay_in_rpms_order(rpms: MemoryRpms) -> None:
    rpms.add("demo-a_1.0", "demo-a_1.10", "demo-a_1.9", "demo-a_1.10~rc1")
    modified = {key: rpms.store.now - timedelta(days=100) for key in rpms.store.objects}

    rpms.make(Expire(retention=RetentionSpec(versions=2, days=30), now=rpms.store.now, modified=modified))
    assert rpms.listed() == ["demo-a_1.10~rc1", "demo-a_1.10"]


def test_pruning_takes_what_no_kept_generation_names(rpms: MemoryRpms) -> None:
    rpms.add("demo-a", "demo-b")
    rpms.make(Remove(packages=[Selector("demo-a")]))
    rpms.store.now += timedelta(days=30)
    assert rpms.prune(generations=1) == []
    gone = rpms.prune(generations=0)
    assert [key.split("/")[2] for key in gone] == ["generations"] * 5 + ["replaced"]
    rpms.store.now += timedelta(days=6)
    assert rpms.prune(generations=0) == []
    rpms.store.now += timedelta(days=1)
    assert rpms.prune(generations=0) == ["pool/el9/main/d/demo-a/demo-a-1.0-1.el9.noarch.rpm"]
    assert rpms.listed() == ["demo-b_1.0"]
    assert rpms.prune(generations=0) == []


def test_pruning_spares_what_is_young_and_what_is_not_ours(rpms: MemoryRpms) -> None:
    rpms.add("demo-a", "demo-b")
    rpms.make(Remove(packages=[Selector("demo-a")]))
    rpms.store.put("rpm/el9/README", b"hello")
    rpms.store.put("pool/readme.txt", b"hello")
    rpms.store.now += timedelta(hours=47)
    assert rpms.prune(generations=0) == []
    rpms.store.now += timedelta(hours=3)
    assert {key.split("/")[0] for key in rpms.prune(generations=0)} == {"rpm"}
    assert {"rpm/el9/README", "pool/readme.txt"} <= rpms.store.objects.keys()


def test_nothing_is_pruned_when_nobody_knows_what_a_suite_names(rpms: MemoryRpms) -> None:
    rpms.add("demo-a")
    rpms.add("demo-b", suite=TESTING)
    rpms.store.delete("rpm/el9-testing/mirrorlist")
    rpms.store.now += timedelta(days=30)
    before = dict(rpms.store.objects)
    with pytest.raises(RepositoryError, match="nobody knows what a suite names that has no mirror list"):
        rpms.prune(generations=0)
    assert rpms.store.objects == before


def earlier(rpms: MemoryRpms) -> str:
    """The name of a generation that another has replaced, a month ago."""
    rpms.add("demo-a")
    (key,) = (key for key in rpms.store.objects if key.endswith("repomd.xml"))
    rpms.add("demo-b")
    rpms.store.now += timedelta(days=30)
    return key.split("/")[3]


@pytest.mark.parametrize("lost", ["repomd.xml", "primary.xml.gz"])
def test_a_generation_that_is_not_whole_stops_a_prune(lost: str, rpms: MemoryRpms) -> None:
    name = earlier(rpms)
    (key,) = (key for key in rpms.store.objects if name in key and key.endswith(lost))
    rpms.store.delete(key)
    before = dict(rpms.store.objects)
    with pytest.raises(RepositoryError, match=f"generation {name} of el9 is not whole: nothing is deleted") as caught:
        rpms.prune(generations=1)
    assert caught.value.where == key
    assert layout.replaced(STABLE.name, name) in str(caught.value.hint)
    assert rpms.store.objects == before


@pytest.mark.parametrize("lost", ["repomd.xml", "primary.xml.gz"])
def test_a_generation_that_another_prune_takes_meanwhile_is_no_error(lost: str, rpms: MemoryRpms) -> None:
    name = earlier(rpms)

    def intrude(_: int, __: str, key: str) -> None:
        if name in key and key.endswith(lost):
            rpms.store.hook = None
            rpms.prune(generations=0)

    rpms.store.hook = intrude
    rpms.prune(generations=1)
    assert not [key for key in rpms.store.objects if name in key]
    assert rpms.listed() == ["demo-a_1.0", "demo-b_1.0"]
