"""Whether what is installed together fits together: as an installer would see it that looks at dependencies."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath
from katpkg.model.target import Target
from katpkg.packages.record import row_of
from katpkg.packages.tidy import Environment
from katpkg.packages.whole import check_whole
from tests.builders import TRIXIE, make_target


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A virtual environment with nothing in it."""
    made = Environment(prefix=tmp_path, path=AbsolutePath("/opt/venvs/kat-web"), python="3.11")
    made.site_packages.mkdir(parents=True)
    return made


def install(environment: Environment, name: str, *requires: str, version: str = "1.0", file: str = "") -> None:
    """Put a distribution into it, whose RECORD is true, with one module that holds ``file``."""
    info = environment.site_packages / f"{name}-{version}.dist-info"
    info.mkdir()
    asked = "".join(f"Requires-Dist: {each}\n" for each in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}")
    module = environment.site_packages / f"{file or name}.py"
    module.write_text(name)
    (info / "RECORD").write_text(f"{','.join(row_of(module.name, module))}\n")


def said(environment: Environment, target: Target | None = None, accept: Collection[str] = ()) -> BuildError:
    with pytest.raises(BuildError) as caught:
        check_whole(environment, target or make_target(), accept)
    assert caught.value.where == "/opt/venvs/kat-web"
    return caught.value


def test_what_everybody_asks_for_is_there(environment: Environment) -> None:
    install(environment, "web", "needed>=2,<3", "Other.Name", "speed; platform_machine == 'aarch64'")
    install(environment, "needed", version="2.1rc1")
    install(environment, "other-name")
    check_whole(environment, make_target())


def test_what_is_not_there_is_named_with_who_needs_it(environment: Environment) -> None:
    install(environment, "web", "graph>=1.0")
    error = said(environment)
    assert error.message == "web 1.0 needs graph>=1.0, and it is not there"
    assert error.hint is not None
    assert error.hint.endswith("payload.accept_unmet = ['web: graph']")


def test_another_version_than_asked_for_is_not_enough(environment: Environment) -> None:
    install(environment, "web", "needed>=2,<3", "more==1")
    install(environment, "needed")
    error = said(environment)
    assert error.message == "web 1.0 needs needed<3,>=2, and 1.0 is there"
    assert "payload.accept_unmet = ['web: more', 'web: needed']" in str(error.hint)
    check_whole(environment, make_target(), ("web: needed", "web: more"))


def test_an_acceptance_is_about_one_distribution(environment: Environment) -> None:
    install(environment, "web", "needed")
    install(environment, "worker", "needed")
    assert said(environment, accept=("web: needed",)).message == "worker 1.0 needs needed, and it is not there"


@pytest.mark.parametrize(
    ("marker", "target", "applies"),
    [
        ("python_version >= '3.12'", make_target(), False),
        ("python_version >= '3.12'", make_target(TRIXIE), True),
        ("platform_machine == 'aarch64'", make_target(architecture="arm64"), True),
        ("sys_platform == 'win32'", make_target(), False),
        ("extra == 'fast'", make_target(), False),
    ],
)
def test_what_is_asked_for_is_that_on_the_target(
    marker: str, target: Target, *, applies: bool, environment: Environment
) -> None:
    install(environment, "web", f"needed; {marker}")
    if applies:
        assert said(environment, target).message == "web 1.0 needs needed, and it is not there"
    else:
        check_whole(environment, target)


def test_an_extra_is_needed_when_somebody_asks_for_it(environment: Environment) -> None:
    install(environment, "web", "needed[fast]")
    install(environment, "needed", "speed; extra == 'fast'", "colour; extra == 'pretty'")
    assert said(environment).message == "needed 1.0 needs speed, and it is not there"
    install(environment, "speed")
    check_whole(environment, make_target())


def test_requirements_that_nobody_can_read_ask_for_nothing(environment: Environment) -> None:
    install(environment, "web", "needed (from somewhere)")
    check_whole(environment, make_target())


def test_two_distributions_cannot_have_a_file_of_one_name(environment: Environment) -> None:
    install(environment, "psycopg2", file="psycopg2")
    install(environment, "psycopg2-binary", file="psycopg2")
    error = said(environment)
    assert error.message == (
        "psycopg2-1.0 and psycopg2-binary-1.0 both bring psycopg2.py, and one has overwritten the other's"
    )
    assert error.hint == "keep one of them in the lock"


def test_two_distributions_may_have_the_very_same_file(environment: Environment) -> None:
    for name in ("one", "two"):
        install(environment, name, file="shared")
    same = (environment.site_packages / "two-1.0.dist-info/RECORD").read_text()
    (environment.site_packages / "one-1.0.dist-info/RECORD").write_text(same)
    check_whole(environment, make_target())
