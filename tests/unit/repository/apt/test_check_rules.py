"""Verifying an archive: each rule, broken by one change to a whole archive, is told, and no other."""

from __future__ import annotations

import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from katpkg.model.digests import Digest
from katpkg.model.names import Codename, SuiteName
from katpkg.repository.apt.check.rules import Rule
from tests.builders import ROOT, make_suite
from tests.damage import INDEX, Spoilable, listing

POOL = "pool/bookworm/main/k/kat-b/kat-b_1.0-1~deb12u1_all.deb"
Spoil = Callable[[Spoilable], None]
CASES: dict[Rule, list[Spoil]] = {}


def breaks(rule: Rule) -> Callable[[Spoil], Spoil]:
    """A change that breaks ``rule``."""

    def note(spoil: Spoil) -> Spoil:
        CASES.setdefault(rule, []).append(spoil)
        return spoil

    return note


@pytest.fixture
def archive(tmp_path: Path) -> Spoilable:
    """Three packages, published one after the other."""
    archive = Spoilable(directory=tmp_path)
    for minute, name in enumerate(("kat-a", "kat-b", "kat-c")):
        archive.publish(name, minute=minute)
    return archive


def test_a_whole_archive_breaks_no_rule(archive: Spoilable) -> None:
    assert archive.findings() == ()
    archive.add_patches()
    assert archive.findings() == ()
    add_contents(archive)
    archive.publish("kat-d", minute=5)
    assert archive.findings() == ()


@breaks(Rule.SUITE_MISSING)
def _(archive: Spoilable) -> None:
    archive.store.objects.clear()


@breaks(Rule.INRELEASE_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects["dists/bookworm/InRelease"]


@breaks(Rule.NOT_SIGNED)
def _(archive: Spoilable) -> None:
    archive.store.objects["dists/bookworm/InRelease"] = archive.release().encode()


@breaks(Rule.CLEAR_SIGNED_FORM)
def _(archive: Spoilable) -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{archive.release()}-----BEGIN PGP SIGNATURE-----\n"
    archive.store.objects["dists/bookworm/InRelease"] = text.encode()


@breaks(Rule.RELEASE_DIFFERS)
def _(archive: Spoilable) -> None:
    archive.store.objects["dists/bookworm/Release"] += b"More: lines\n"


@breaks(Rule.RELEASE_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects["dists/bookworm/Release"]


@breaks(Rule.RELEASE_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects["dists/bookworm/Release.gpg"]


@breaks(Rule.RELEASE_GPG_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects["dists/bookworm/Release.gpg"] = b"of another"


@breaks(Rule.RELEASE_GPG_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects["dists/bookworm/Release.gpg"] = b"\x88\x75not armored"


@breaks(Rule.RELEASE_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.change("Acquire-By-Hash", "no field\nAcquire-By-Hash")


@breaks(Rule.RELEASE_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.sign(archive.release() + " not-hex 12 main/binary-amd64/Other\n")


@breaks(Rule.FIELD_MISSING)
def _(archive: Spoilable) -> None:
    archive.change("Origin: Test\n", "")


@breaks(Rule.SUITE_NAME)
def _(archive: Spoilable) -> None:
    archive.change(": bookworm\n", ": trixie\n")


@breaks(Rule.DATE_FORM)
def _(archive: Spoilable) -> None:
    archive.change(" GMT\n", " CET\n")


@breaks(Rule.DATE_FORM)
def _(archive: Spoilable) -> None:
    archive.change("\nDate: ", "\nDay: ")


@breaks(Rule.DATE_IN_FUTURE)
def _(archive: Spoilable) -> None:
    archive.change(" 2026 ", " 2027 ")


@breaks(Rule.EXPIRED)
def _(archive: Spoilable) -> None:
    archive.change("\nDate: ", "\nValid-Until: Thu, 01 Jan 2026 00:59:59 UTC\nDate: ")


@breaks(Rule.HASH_WEAK)
def _(archive: Spoilable) -> None:
    archive.sign(f"{archive.release()}MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 main/Contents-amd64\n")


@breaks(Rule.LISTS_ITSELF)
def _(archive: Spoilable) -> None:
    archive.sign(f"{archive.release()} {'0' * 64} 0 Release\n")


@breaks(Rule.PATH_OUTSIDE)
def _(archive: Spoilable) -> None:
    archive.sign(f"{archive.release()} {'0' * 64} 12 main/../../../etc/passwd\n")


@breaks(Rule.PLAIN_NOT_LISTED)
def _(archive: Spoilable) -> None:
    kept = [line for line in archive.release().splitlines(keepends=True) if not line.endswith("amd64/Packages\n")]
    archive.sign("".join(kept))


@breaks(Rule.NOT_IN_RELEASE)
def _(archive: Spoilable) -> None:
    archive.store.objects["dists/bookworm/main/binary-riscv64/Packages.gz"] = b""


@breaks(Rule.NOT_IN_RELEASE)
def _(archive: Spoilable) -> None:
    archive.change("Architectures: amd64 arm64", "Architectures: arm64")


@breaks(Rule.NO_INDEX)
def _(archive: Spoilable) -> None:
    archive.change("Components: main", "Components: main contrib")


@breaks(Rule.BY_HASH_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects[archive.by_hash(f"{INDEX}.xz")]


@breaks(Rule.BY_HASH_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects[archive.by_hash(f"{INDEX}.gz")] += b"x"


@breaks(Rule.COPY_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects[archive.key(f"{INDEX}.xz")]


@breaks(Rule.COPY_WRONG)
def _(archive: Spoilable) -> None:
    key = archive.key(f"{INDEX}.gz")
    archive.store.objects[key] = archive.store.objects[key][:-1] + b"\xff"


@breaks(Rule.COPY_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects[archive.key(INDEX)] = b"an old one"


@breaks(Rule.INDEX_MISSING)
def _(archive: Spoilable) -> None:
    without_by_hash(archive)
    del archive.store.objects[archive.key(f"{INDEX}.gz")]


@breaks(Rule.INDEX_WRONG)
def _(archive: Spoilable) -> None:
    without_by_hash(archive)
    archive.store.objects[archive.key(f"{INDEX}.gz")] += b"x"


def without_by_hash(archive: Spoilable) -> None:
    archive.change("Acquire-By-Hash: yes\n", "")


@breaks(Rule.INDEX_DAMAGED)
def _(archive: Spoilable) -> None:
    archive.write(f"{INDEX}.xz", archive.store.objects[archive.key(f"{INDEX}.xz")][:-20])


@breaks(Rule.INDEX_DAMAGED)
def _(archive: Spoilable) -> None:
    archive.write(f"{INDEX}.xz", b"no xz at all")


@breaks(Rule.FORMS_DIFFER)
def _(archive: Spoilable) -> None:
    archive.write(f"{INDEX}.xz", lzma.compress(archive.index() + b"\n"))


@breaks(Rule.FORMS_DIFFER)
def _(archive: Spoilable) -> None:
    archive.write(f"{INDEX}.xz", lzma.compress(archive.index() + bytes(1 << 22)))  # it is not read to its end


@breaks(Rule.FORMS_DIFFER)
def _(archive: Spoilable) -> None:
    add_contents(archive)
    archive.write("main/Contents-amd64.gz", gzip.compress(b"usr/bin/other  net/kat-a\n"))


def add_contents(archive: Spoilable) -> None:
    """Publish an index that is not about packages."""
    plain = b"usr/bin/a  net/kat-a\n"
    archive.sign(listing(archive.release(), "main/Contents-amd64", plain))
    archive.write("main/Contents-amd64.gz", gzip.compress(plain))


@breaks(Rule.XZ_STREAMS)
def _(archive: Spoilable) -> None:
    plain = archive.index()
    archive.write(f"{INDEX}.xz", lzma.compress(plain[:100]) + lzma.compress(plain[100:]))


@breaks(Rule.STANZA_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: plain.replace(b"\nMaintainer: ", b"\nnot a field\nMaintainer: ", 1))


@breaks(Rule.STANZA_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: plain.replace(b"\nSize: ", b"\nSize: many\nSize: ", 1))


@breaks(Rule.STANZA_INCOMPLETE)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: plain + b"Package: kat-d\nVersion: 1\nArchitecture: all\n\n")


@breaks(Rule.STANZA_INCOMPLETE)
def _(archive: Spoilable) -> None:
    stanza = b"Package: kat-d\nVersion: 1\nArchitecture: all\nFilename: pool/x\nSize: 1\n\n"
    archive.reindex(lambda plain: plain + stanza)


@breaks(Rule.STANZA_MISPLACED)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: plain.replace(b"Architecture: all", b"Architecture: riscv64"))


@breaks(Rule.UNSORTED)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: b"\n\n".join(reversed(plain.rstrip(b"\n").split(b"\n\n"))) + b"\n\n")


@breaks(Rule.TWICE)
def _(archive: Spoilable) -> None:
    archive.reindex(lambda plain: plain.split(b"\n\n")[0] + b"\n\n" + plain)


@breaks(Rule.VERSION_TWICE)
def _(archive: Spoilable) -> None:
    other = make_suite(name=SuiteName("trixie"), codename=Codename("trixie"))
    archive.publish("kat-b", suite=other, content="other")


@breaks(Rule.VERSION_TWICE)
def _(archive: Spoilable) -> None:
    def double(plain: bytes) -> bytes:
        last = plain.rstrip(b"\n").rpartition(b"\n\n")[2]
        return plain + last.replace(b"Architecture: all", b"Architecture: amd64") + b"\n\n"

    archive.reindex_one("amd64", double)


@breaks(Rule.FILENAME_OUTSIDE)
def _(archive: Spoilable) -> None:
    stanza = b"Package: kat-d\nVersion: 1\nArchitecture: all\nFilename: pool/../../x\nSize: 1\nSHA256: " + b"0" * 64
    archive.reindex(lambda plain: plain + stanza + b"\n\n")


@breaks(Rule.ALL_DIFFERS)
def _(archive: Spoilable) -> None:
    archive.reindex_one("arm64", lambda plain: plain[plain.index(b"\n\n") + 2 :])


@breaks(Rule.PACKAGE_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects[POOL]


@breaks(Rule.PACKAGE_SIZE)
def _(archive: Spoilable) -> None:
    archive.store.objects[POOL] += b"x"


@breaks(Rule.PACKAGE_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects[POOL] = b"KAT-b"


@breaks(Rule.POOL_ORPHANS)
def _(archive: Spoilable) -> None:
    archive.store.objects["pool/bookworm/main/k/kat-x/kat-x_1_all.deb"] = b"x"


@breaks(Rule.BY_HASH_ORPHANS)
def _(archive: Spoilable) -> None:
    archive.store.objects[archive.key(f"main/binary-amd64/by-hash/SHA256/{'0' * 64}")] = b"x"


@breaks(Rule.PATCHES_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.write(f"{INDEX}.diff/Index", b"SHA1-Current: 0 0\n")


@breaks(Rule.PATCHES_MALFORMED)
def _(archive: Spoilable) -> None:
    archive.add_patches()
    text = archive.store.objects[archive.key(f"{INDEX}.diff/Index")]
    archive.write(f"{INDEX}.diff/Index", text.replace(b"2026-newest\n", b"2026-other\n", 1))


@breaks(Rule.PATCHES_STALE)
def _(archive: Spoilable) -> None:
    archive.add_patches()
    archive.publish("kat-d", minute=5)
    old = next(content for key, content in archive.store.objects.items() if key.endswith(".diff/Index"))
    archive.write(f"{INDEX}.diff/Index", old)


@breaks(Rule.PATCH_MISSING)
def _(archive: Spoilable) -> None:
    del archive.store.objects[archive.add_patches()]


@breaks(Rule.PATCH_WRONG)
def _(archive: Spoilable) -> None:
    archive.store.objects[archive.add_patches()] += b"x"


@breaks(Rule.PATCH_FAILS)
def _(archive: Spoilable) -> None:
    respell(archive, b"a\n", b"c\n")


@breaks(Rule.PATCH_FAILS)
def _(archive: Spoilable) -> None:
    respell(archive, b"a\n", b"w /etc/passwd\n")


def respell(archive: Spoilable, old: bytes, new: bytes) -> None:
    """Publish another patch in place of the right one, by its own digest."""
    key = archive.add_patches()
    index = archive.store.objects[archive.key(f"{INDEX}.diff/Index")]
    before = archive.store.objects[key]
    script = gzip.decompress(before)
    packed = gzip.compress(script.replace(old, new, 1), mtime=0)
    for one, other in ((before, packed), (script, gzip.decompress(packed))):
        index = index.replace(line_of(one), line_of(other))
    archive.write(f"{INDEX}.diff/Index", index)
    archive.store.objects[key] = packed


def line_of(content: bytes) -> bytes:
    return f"{Digest.of(content).sha256} {len(content)}".encode()


@breaks(Rule.GENERATION_UNSIGNED)
def _(archive: Spoilable) -> None:
    archive.store.objects[generations(archive)[0]] = b"forged"


@breaks(Rule.GENERATION_NAME)
def _(archive: Spoilable) -> None:
    key = generations(archive)[0]
    archive.store.objects[key.replace("20260101T", "20260102T")] = archive.store.objects.pop(key)


@breaks(Rule.GENERATION_BROKEN)
def _(archive: Spoilable) -> None:
    first = archive.store.objects[generations(archive)[0]].decode()
    digest = next(line.split()[0] for line in first.splitlines() if line.endswith("amd64/Packages.gz"))
    del archive.store.objects[archive.key(f"main/binary-amd64/by-hash/SHA256/{digest}")]


def generations(archive: Spoilable) -> list[str]:
    return sorted(key for key in archive.store.objects if "/generations/" in key)


ELSEWHERE = {
    Rule.UNREADABLE,
    Rule.UNSIGNED,
    Rule.EXPIRES_SOON,
    Rule.CACHED_TOO_LONG,
    *(Rule.REFUSED_BY_SQV, Rule.KEY_EXPIRES, Rule.KEY_EXPIRES_SOON, Rule.KEY_REFUSED, Rule.KEY_WEAK, Rule.KEY_SHA1),
}
"""Rules that need more than one change, or a real key: test_check_archive.py and test_verify_keys.py have them."""


def test_every_rule_is_broken_by_something() -> None:
    assert set(CASES) | ELSEWHERE == set(Rule)
    assert len({rule.id for rule in Rule}) == len(Rule)


def test_every_rule_is_told_of_and_none_besides() -> None:
    page = (ROOT / "docs" / "how-to" / "verify-an-archive.md").read_text()
    table = page.partition("| about | rules |")[2]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", table)) == sorted(rule.id for rule in Rule)


def named() -> list[object]:
    return [
        pytest.param(rule, spoil, id=f"{rule.id}-{number}")
        for rule, spoils in CASES.items()
        for number, spoil in enumerate(spoils)
    ]


@pytest.mark.parametrize(("rule", "spoil"), named())
def test_one_thing_that_is_wrong_is_told_by_one_rule(rule: Rule, spoil: Spoil, archive: Spoilable) -> None:
    spoil(archive)
    before = dict(archive.store.objects)
    found = archive.findings()
    assert {finding.rule for finding in found} == {rule.id}
    assert all(finding.level is rule.ours and finding.hint and finding.what and finding.where for finding in found)
    assert archive.store.objects == before
