"""What nobody asks for goes, with what is its alone, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.packages.needless import leave_out
from katpkg.packages.tidy import Environment
from katpkg.packages.whole import check_whole, needed
from tests.builders import make_target
from tests.unit.packages.test_whole import environment, install

__all__ = ["environment"]


def there(environment: Environment) -> list[str]:
    return sorted(path.name for path in environment.site_packages.iterdir())


def test_what_is_asked_for_stays_by_way_of_others_and_of_extras(environment: Environment) -> None:
    install(environment, "web", "First.One[more]", "speed; sys_platform == 'win32'")
    install(environment, "first-one", "second", 'third; extra == "more"', 'fourth; extra == "other"')
    for name in ("second", "third", "fourth", "speed", "pytest"):
        install(environment, name)
    assert needed(environment, make_target(), ["Web"]) == {"web", "first-one", "second", "third"}
    assert needed(environment, make_target(), ["web", "fourth"]) == {"web", "first-one", "second", "third", "fourth"}


def test_one_that_is_not_there_is_told(environment: Environment) -> None:
    install(environment, "web")
    with pytest.raises(BuildError, match="there is no distribution wbe") as caught:
        needed(environment, make_target(), ["wbe"])
    assert caught.value.hint == "payload.only_for: some of web"


def test_what_two_have_stays_for_the_one_that_stays(environment: Environment) -> None:
    install(environment, "web")
    install(environment, "psycopg2", file="psycopg2")
    binary = environment.site_packages / "psycopg2_binary-1.0.dist-info"
    install(environment, "psycopg2_binary", file="psycopg2")
    leave_out(environment, {"web", "psycopg2-binary"})
    assert there(environment) == ["psycopg2.py", binary.name, "web-1.0.dist-info", "web.py"]
    check_whole(environment, make_target())


def test_a_file_that_was_overwritten_by_what_goes_is_refused(environment: Environment) -> None:
    install(environment, "psycopg2_binary", file="psycopg2")
    install(environment, "psycopg2", file="psycopg2")
    before = there(environment)
    with pytest.raises(BuildError, match=r"psycopg2 goes, and has overwritten psycopg2\.py of") as caught:
        leave_out(environment, {"psycopg2-binary"})
    assert caught.value.hint == "have it installed without the first, or leave payload.only_for out"
    assert there(environment) == before


def test_nothing_outside_of_the_environment_is_touched(environment: Environment, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("kept")
    install(environment, "evil")
    record = environment.site_packages / "evil-1.0.dist-info/RECORD"
    record.write_text(f"../../../../{outside.name},,\n")
    with pytest.raises(BuildError, match="evil names a file elsewhere"):
        leave_out(environment, {"web"})
    assert outside.read_text() == "kept"
