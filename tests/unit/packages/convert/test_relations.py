"""A Debian package's relations, as far as they mean something elsewhere."""

from __future__ import annotations

from katpkg.packages.convert.libraries import packages_of
from katpkg.packages.convert.relations import carry, related
from katpkg.packages.rpm.names import Names

NAMES = Names(own={"kat-web"}, others={"adduser": "", "cron": "cronie", "perl": "perl", "libz1": "zlib"})


def test_what_is_needed_is_kept_known_or_not_and_without_debians_epochs_and_revisions() -> None:
    fields = {
        "Pre-Depends": "adduser (>= 3.1)",
        "Depends": "kat-web (= 5:1.0-1), perl:any, libz1 (>= 1:1.2.11), cron (>= 3.0), nobody (<< 2) | cron (>= 1-2)",
    }
    carried = carry(fields, NAMES, frozenset())
    assert carried.relations.depends == (
        "adduser (>= 3.1)",
        "kat-web (= 5:1.0-1)",
        "perl",
        "libz1",
        "cron (>= 3.0)",
        "nobody | cron",
    )
    assert carried.notes == ()


def test_what_the_dynamic_linker_is_asked_for_stands_for_the_packages_that_have_it() -> None:
    libraries = packages_of(
        ["libpcre2-8.so.0()(64bit)", "libssl.so.3(OPENSSL_3.0.0)(64bit)", "libc_x.so.1.2", "rtld(X)"]
    )
    assert {"libpcre2-8-0", "libssl3", "libssl3t64", "libc-x1.2"} <= libraries
    carried = carry({"Depends": "libpcre2-8-0 (>= 10.22), libssl3t64 | libssl3, libother1"}, NAMES, libraries)
    assert carried.relations.depends == ("libother1",)


def test_what_is_only_wished_for_or_excluded_is_left_out_and_told_when_nobody_knows_its_name() -> None:
    fields = {"Suggests": "cron, ruby", "Breaks": "kat-web (<< 1), other (<< 2)", "Provides": "httpd"}
    carried = carry(fields, NAMES, frozenset())
    assert (carried.relations.suggests, carried.relations.breaks) == (("cron",), ("kat-web (<< 1)",))
    assert carried.notes == (
        "suggests ruby: nobody knows what that is called there",
        "breaks other (<< 2): nobody knows what that is called there",
        "provides httpd: nobody knows what that is called there",
    )


def test_names_are_read_off_a_field() -> None:
    assert related("a1 (>= 2) | b1:any, c1") == {"a1", "b1", "c1"}
