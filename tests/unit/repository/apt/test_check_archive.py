"""Verifying an archive: all that is wrong is told, nothing that is not, and whoever else is at work is waited for."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import tracemalloc
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from time import process_time
from typing import BinaryIO

import pytest

from katpkg.errors import StoreError
from katpkg.model.names import SuiteName
from katpkg.repository.apt.check.findings import MOST, Finding
from katpkg.repository.apt.check.patches import patched
from katpkg.repository.apt.check.plain import LONGEST, Damaged, Expansion, split
from katpkg.repository.apt.check.release import parse_date
from katpkg.repository.apt.check.rules import Level, Rule
from katpkg.repository.apt.check.scope import Demands
from katpkg.repository.apt.check.stanzas import Listing
from katpkg.repository.apt.check.verify import verify
from katpkg.repository.apt.patches import ed_script
from katpkg.repository.publication import Token
from tests.builders import make_suite
from tests.damage import INDEX, Spoilable
from tests.fakes import EPOCH, FakeSigner, MemoryStore
from tests.whole import OurWitness, check_whole

FOREIGN = Demands(is_ours=False, sample=None)
TESTING = make_suite(name=SuiteName("bookworm-testing"))


@pytest.fixture
def archive(tmp_path: Path) -> Spoilable:
    archive = Spoilable(directory=tmp_path)
    for minute, name in enumerate(("kat-a", "kat-b", "kat-c")):
        archive.publish(name, minute=minute)
    return archive


def rules(found: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in found}


def test_nothing_stops_it_at_the_first_finding(archive: Spoilable) -> None:
    archive.publish("kat-a", suite=TESTING)
    archive.change("Origin: Test\n", "")
    del archive.store.objects[archive.by_hash(f"{INDEX}.xz")]
    archive.store.objects[archive.by_hash(f"{INDEX}.gz")] = b"damaged"
    archive.store.objects["pool/bookworm/main/k/kat-c/kat-c_1.0-1~deb12u1_all.deb"] = b"KAT-c"
    archive.store.objects["dists/bookworm-testing/InRelease"] = b"forged"
    wanted = {Rule.FIELD_MISSING, Rule.BY_HASH_MISSING, Rule.BY_HASH_WRONG, Rule.PACKAGE_WRONG, Rule.NOT_SIGNED}
    assert {rule.id for rule in wanted} <= rules(archive.findings())


def test_every_suite_of_the_store_is_looked_at_unless_some_are_named(archive: Spoilable) -> None:
    archive.publish("kat-a", suite=TESTING)
    report = verify(archive.store, OurWitness(FakeSigner()), archive.now, Demands())
    assert [(tally.suite, tally.indexes, tally.packages) for tally in report.suites] == [
        ("bookworm", 2, 6),
        ("bookworm-testing", 2, 2),
    ]
    assert (report.files, report.hashed) == (3, 3)
    named = verify(archive.store, OurWitness(FakeSigner()), archive.now, Demands(), ["bookworm-testing"])
    assert [tally.suite for tally in named.suites] == ["bookworm-testing"]
    assert named.findings == ()  # what other suites name is no orphan


def test_a_suite_that_is_named_and_not_there_is_an_error(archive: Spoilable) -> None:
    report = verify(archive.store, OurWitness(FakeSigner()), archive.now, Demands(), ["trixie"])
    assert rules(tuple(report.findings)) == {Rule.SUITE_MISSING.id}
    assert not report.is_whole


def test_a_release_without_any_signature_is_told_as_such(archive: Spoilable) -> None:
    for name in ("InRelease", "Release.gpg"):
        del archive.store.objects[f"dists/bookworm/{name}"]
    assert rules(archive.findings()) == {Rule.UNSIGNED.id, Rule.INRELEASE_MISSING.id}


def test_a_wrong_detached_signature_is_an_error_where_there_is_no_other(archive: Spoilable) -> None:
    del archive.store.objects["dists/bookworm/InRelease"]
    archive.store.objects["dists/bookworm/Release.gpg"] = b"of another"
    assert Rule.NOT_SIGNED.id in rules(archive.findings())


def test_clients_must_be_able_to_rely_on_it_as_long_as_is_demanded(archive: Spoilable) -> None:
    archive.change("\nDate: ", "\nValid-Until: Sat, 10 Jan 2026 00:00:00 UTC\nDate: ")
    assert archive.findings(demands=Demands(least_validity=timedelta(days=8))) == ()
    found = archive.findings(demands=Demands(least_validity=timedelta(days=9)))
    assert rules(found) == {Rule.EXPIRES_SOON.id}
    assert "2026-01-10" in found[0].what


def test_the_date_may_be_ten_seconds_ahead_as_for_apt(archive: Spoilable) -> None:
    date = EPOCH + timedelta(minutes=2)
    assert archive.findings(now=date - timedelta(seconds=10)) == ()
    assert rules(archive.findings(now=date - timedelta(seconds=11))) == {Rule.DATE_IN_FUTURE.id}


@pytest.mark.parametrize("text", ["Thu, 26 Nov 2026 09:05:03 UTC", "Thu, 26 Nov 2026 9:05:03 +0000"])
def test_dates_are_read_as_apt_reads_them(text: str) -> None:
    assert parse_date(text).isoformat() == "2026-11-26T09:05:03+00:00"


@pytest.mark.parametrize(
    "text",
    ["2026-11-26", "Thu, 26 Nov 2026 09:05:03 JST", "Nov Thu, 26 2026 09:05:03 UTC", "Thu, 31 Feb 2026 09:05:03 UTC"],
)
def test_other_dates_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_date(text)


class Served(MemoryStore):
    """Told to clients with headers."""

    control: str | None = None

    def cache_control(self, key: str) -> str | None:
        return self.control if key.endswith("InRelease") else "immutable"


@pytest.mark.parametrize("control", ["public, max-age=31536000, immutable", "max-age=3600"])
def test_inrelease_must_not_be_kept_without_asking(control: str, archive: Spoilable) -> None:
    served = Served()
    served.objects = archive.store.objects
    served.control = control
    found = archive.findings(files=served)
    assert [(finding.rule, finding.level) for finding in found] == [(Rule.CACHED_TOO_LONG.id, Level.WARNING)]
    for harmless in ("no-cache", "max-age=60", "immutable, no-store", None):
        served.control = harmless
        assert archive.findings(files=served) == ()


class Unreadable(MemoryStore):
    """Some of it cannot be read."""

    bad = "/nothing"

    def read(self, key: str) -> tuple[bytes, Token] | None:
        if self.bad in key:
            raise StoreError("access denied", where=key)
        return super().read(key)

    def open(self, key: str) -> BinaryIO | None:
        self.read(key)
        return super().open(key)


@pytest.mark.parametrize(
    "bad", ["dists/bookworm/InRelease", "Release.gpg", "by-hash", "Packages.gz", "kat-b_", "generations"]
)
def test_what_cannot_be_read_is_a_finding_and_not_the_end(bad: str, archive: Spoilable) -> None:
    store = Unreadable()
    store.objects = archive.store.objects
    store.bad = bad
    found = archive.findings(files=store)
    assert rules(found) == {Rule.UNREADABLE.id}
    assert all("access denied" in finding.what for finding in found)


class Moving(MemoryStore):
    """Somebody publishes while it is looked at."""

    after = -1

    def read(self, key: str) -> tuple[bytes, Token] | None:
        self.after -= 1
        if self.after == 0:
            Spoilable(directory=self.directory, store=self).publish("kat-d", minute=9)
        return super().read(key)

    directory = Path()


def test_a_suite_that_moves_on_meanwhile_is_looked_at_again(archive: Spoilable, tmp_path: Path) -> None:
    for after in range(2, 7):
        store = Moving()
        store.objects = dict(archive.store.objects)
        store.directory = tmp_path
        store.after = after
        assert archive.findings(files=store) == (), after
        assert store.after <= 0


def test_only_a_sample_is_read_and_that_is_the_newest(archive: Spoilable) -> None:
    for minute, name in enumerate("abc"):
        key = f"pool/bookworm/main/k/kat-{name}/kat-{name}_1.0-1~deb12u1_all.deb"
        archive.store.objects[key] = b"KAT-" + name.encode()
        archive.store.times[key] = EPOCH + timedelta(minutes=minute)
    found = archive.findings(demands=Demands(sample=2))
    assert sorted(finding.where.split("/")[-2] for finding in found) == ["kat-b", "kat-c"]
    assert archive.findings(demands=Demands(sample=0)) == ()


def test_of_a_thousand_findings_some_are_told_and_the_rest_counted(archive: Spoilable) -> None:
    bad = b"".join(b"Package: kat-x%d\nVersion: 1\n\n" % number for number in range(1000))
    archive.reindex_one("amd64", lambda plain: plain + bad)
    found = [finding for finding in archive.findings() if finding.rule == Rule.STANZA_INCOMPLETE.id]
    assert len(found) == MOST + 1
    assert found[-1].what == f"the same {1000 - MOST} times more"


def test_only_young_generations_must_be_whole(archive: Spoilable) -> None:
    for key in [key for key in archive.store.objects if "/by-hash/" in key]:
        if all(
            key != archive.by_hash(f"{path}{form}")
            for path in (INDEX, INDEX.replace("amd", "arm"))
            for form in (".gz", ".xz")
        ):
            del archive.store.objects[key]
    assert rules(archive.findings()) == {Rule.GENERATION_BROKEN.id}
    late = archive.now + timedelta(days=3)
    assert archive.findings(now=late, demands=Demands(kept=0)) == ()
    assert len(archive.findings(now=late, demands=Demands(kept=1))) == 1


def foreign(packages: Mapping[str, bytes], forms: tuple[str, ...], kinds: tuple[str, ...], fields: str) -> MemoryStore:
    """An archive as others make them: no by-hash, Release and Release.gpg alone."""
    store = MemoryStore()
    stanzas = [
        f"Package: {name}\nVersion: 1\nArchitecture: amd64\nFilename: debs/{name}.deb\nSize: {len(content)}\n"
        f"MD5sum: {hashlib.md5(content).hexdigest()}\nSHA1: {hashlib.sha1(content).hexdigest()}\n"  # noqa: S324
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
        for name, content in packages.items()
    ]
    plain = "\n".join(stanzas).encode()
    pack: dict[str, Callable[[bytes], bytes]]
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": lambda _: b"zst"}
    files = {f"main/binary-amd64/Packages{form}": pack[form](plain) for form in forms}
    listed = files | {"main/binary-amd64/Packages": plain}
    lines = [fields]
    for kind in kinds:
        name = {"MD5Sum": "md5"}.get(kind, kind.lower())
        lines += [
            f"{kind}:",
            *(f" {hashlib.new(name, each).hexdigest()} {len(each)} {path}" for path, each in listed.items()),
        ]
    store.objects = {f"dists/stable/{path}": content for path, content in files.items()}
    store.objects |= {f"debs/{name}.deb": content for name, content in packages.items()}
    store.objects["dists/stable/Release"] = "\n".join([*lines, ""]).encode()
    store.objects["dists/stable/Release.gpg"] = FakeSigner().sign_detached(b"")
    return store


FIELDS = "Suite: stable\nArchitectures: amd64\nComponents: main\nDate: Thu, 01 Jan 2026 00:00:00 UTC"
KINDS = ("MD5Sum", "SHA1", "SHA256", "SHA512")
EXPECTED = {Rule.INRELEASE_MISSING.id: Level.WARNING, Rule.FIELD_MISSING.id: Level.WARNING}


@pytest.mark.parametrize("forms", [("",), (".gz",), ("", ".bz2"), ("", ".gz", ".xz"), ("", ".zst")], ids="+".join)
def test_an_archive_of_others_is_held_to_what_apt_needs(forms: tuple[str, ...], archive: Spoilable) -> None:
    store = foreign({"a": b"1", "b": b"22"}, forms, KINDS, FIELDS)
    found = archive.findings(files=store, demands=FOREIGN)
    assert {finding.rule: finding.level for finding in found} == EXPECTED
    store.objects["debs/b.deb"] = b"23"
    found = archive.findings(files=store, demands=FOREIGN)
    assert {finding.rule for finding in found} - set(EXPECTED) == {Rule.PACKAGE_WRONG.id}


def test_an_archive_of_others_may_be_in_any_order_and_that_is_a_note(archive: Spoilable) -> None:
    store = foreign({"b": b"1", "a": b"22"}, (".gz",), KINDS, FIELDS)
    levels = {finding.rule: finding.level for finding in archive.findings(files=store, demands=FOREIGN)}
    assert levels.pop(Rule.UNSORTED.id) is Level.NOTE
    assert levels == EXPECTED


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b"Filename: ", b"Filename: ./"),
        (b"Filename: debs/", b"Filename: debs//./"),
        (b"Size: ", b"size:"),
        (b"Package: ", b"PACKAGE: "),
        (b"MD5sum: ", b"MD5Sum: "),
    ],
)
def test_a_stanza_is_read_as_apt_reads_it(ours: bytes, theirs: bytes) -> None:
    text = b"Package: a\nVersion: 1\nArchitecture: all\nFilename: debs/a.deb\nSize: 1\nMD5sum: x\nSHA256: y"
    assert ours in text
    assert Listing.parse(text.replace(ours, theirs), "stable") == Listing.parse(text, "stable")


def test_weak_digests_alone_are_an_error_everywhere(archive: Spoilable) -> None:
    store = foreign({"a": b"1"}, (".gz",), ("MD5Sum", "SHA1"), FIELDS)
    found = archive.findings(files=store, demands=FOREIGN)
    assert {finding.rule for finding in found if finding.level is Level.ERROR} == {Rule.HASH_WEAK.id}


def test_a_plain_index_that_is_not_listed_is_an_error_although_others_cannot_be_read(archive: Spoilable) -> None:
    store = foreign({"a": b"1"}, (".zst",), KINDS, FIELDS)
    text = store.objects["dists/stable/Release"].decode().splitlines()
    kept = [line for line in text if not line.endswith("/Packages")]
    store.objects["dists/stable/Release"] = "\n".join([*kept, ""]).encode()
    found = archive.findings(files=store, demands=FOREIGN)
    assert {finding.rule for finding in found} - set(EXPECTED) == {Rule.PLAIN_NOT_LISTED.id}


def test_it_reads_what_is_hostile_in_little_memory(archive: Spoilable) -> None:
    bomb = lzma.compress(bytes(200 << 20), preset=0)
    archive.write(f"{INDEX}.xz", bomb)
    tracemalloc.start()
    try:
        assert Rule.FORMS_DIFFER.id in rules(archive.findings())
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_stanza_without_end_is_given_up() -> None:
    with pytest.raises(Damaged, match="more than"):
        list(split(b"a" * (1 << 20) for _ in range(2 * LONGEST >> 20)))


@pytest.mark.parametrize(("form", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_streams_are_counted_and_cut_off_ones_refused(form: str, pack: object, step: int) -> None:
    assert callable(pack)
    content = pack(b"one\n" * 100) + pack(b"two\n")
    expansion = Expansion(form, [content[at : at + step] for at in range(0, len(content), step)])
    assert b"".join(expansion) == b"one\n" * 100 + b"two\n"
    assert expansion.streams == 2
    with pytest.raises(Damaged):
        list(Expansion(form, [content[:-3]]))


def test_a_patch_is_applied_as_apt_does_it() -> None:
    old = [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n"]
    script = ed_script([(0, 0, b"0\n"), (1, 1, b"two\n"), (3, 2, b"")])
    assert b"".join(patched(old, script)) == b"0\n1\ntwo\n3\n"
    with pytest.raises(ValueError, match="more lines"):
        list(patched(old, b"9d\n"))
    with pytest.raises(ValueError, match="no command"):
        list(patched(old, b"!rm\n"))


def test_a_campaign_can_call_it_after_every_fault(archive: Spoilable) -> None:
    witness = OurWitness(FakeSigner())
    assert check_whole(archive.store, witness, archive.now) == ()
    took = min(timed(lambda: check_whole(archive.store, witness, archive.now)) for _ in range(5))
    assert took < 0.1  # a few milliseconds
    del archive.store.objects["dists/bookworm/InRelease"]
    assert rules(check_whole(archive.store, witness, archive.now)) == {Rule.INRELEASE_MISSING.id}


def timed(do: Callable[[], object]) -> float:
    began = process_time()
    do()
    return process_time() - began
