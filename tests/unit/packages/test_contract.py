"""The content contract: what counts as vanished, and what is only the same in another version."""

from __future__ import annotations

import pytest

from katpkg.packages.contract import vanished

SITE = "/opt/venvs/kat-web/lib/python3.11/site-packages"

SAME = [
    (f"{SITE}/requests-2.31.dist-info/RECORD", f"{SITE}/requests-2.32.dist-info/METADATA"),
    (f"{SITE}/Mako-1.3.dist-info/RECORD", f"{SITE}/mako-1.4.dist-info/RECORD"),
    (f"{SITE}/web/app.py", f"{SITE.replace('3.11', '3.13')}/web/app.py"),
    (f"{SITE}/requests/old.py", f"{SITE}/requests/new.py"),
    (f"{SITE}/web/_c.cpython-311-x86_64-linux-gnu.so", f"{SITE}/web/_c.cpython-313-x86_64-linux-gnu.so"),
    (f"{SITE}/yaml/_yaml.abi3.so", f"{SITE}/yaml/other.py"),
    ("/opt/venvs/kat-web/bin/python3.11", "/opt/venvs/kat-web/bin/python3.13"),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_a_new_version_of_the_same_has_not_vanished(before: str, after: str) -> None:
    assert vanished([before], [after], own=frozenset({"web"}), accept=()) == ()


def test_a_file_of_the_module_itself_is_missed() -> None:
    before = [f"{SITE}/web/templates/index.html", f"{SITE}/web/app.py"]
    after = [f"{SITE}/web/app.py"]
    gone = vanished(before, after, own=frozenset({"web"}), accept=())
    assert gone == ("/opt/venvs/kat-web/lib/python3/site-packages/web/templates/index.html",)


def test_a_dependency_that_is_gone_altogether_is_missed() -> None:
    gone = vanished([f"{SITE}/requests/a.py"], [f"{SITE}/web/a.py"], own=frozenset({"web"}), accept=())
    assert gone == ("/opt/venvs/kat-web/lib/python3/site-packages/requests",)


def test_what_was_accepted_may_vanish() -> None:
    assert vanished(["/usr/share/kat/a/b"], [], own=frozenset(), accept=["/usr/share/kat/*"]) == ()


def test_directories_are_not_missed_only_what_was_in_them() -> None:
    assert vanished(["/usr/share/kat/"], [], own=frozenset(), accept=()) == ()
