"""What an installer left, and what of it a package may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.names import AbsolutePath
from katpkg.packages.record import Record, row_of
from katpkg.packages.tidy import Environment, tidy

LONG = b"#!/bin/sh\n'''exec' '/build/a b/bin/python' \"$0\" \"$@\"\n' '''\nimport web\n"


def install(
    prefix: Path,
    *,
    python: str = "3.11",
    files: Mapping[str, bytes] | None = None,
    scripts: Mapping[str, bytes] | None = None,
    entry_points: str = "[console_scripts]\nweb = web.cli:main\n",
    tags: tuple[str, ...] = ("py3-none-any",),
    name: str = "web",
) -> Environment:
    """One distribution as an installer leaves it."""
    site = prefix / f"lib/python{python}/site-packages"
    info = f"{name}-1.0.dist-info"
    contents = {f"{name}/__init__.py": b"", f"{name}/cli.py": b"def main(): ...\n", **(files or {})}
    contents |= {
        f"{info}/direct_url.json": b"{}",
        f"{info}/REQUESTED": b"",
        f"{info}/WHEEL": "".join(f"Tag: {tag}\n" for tag in tags).encode(),
        f"{info}/entry_points.txt": entry_points.encode(),
        **{f"../../../bin/{script}": content for script, content in (scripts or {}).items()},
    }
    for path, content in contents.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)
    (prefix / "bin").mkdir(exist_ok=True)
    rows = [row_of(path, site / path) for path in contents]
    text = "".join(f"{','.join(row)}\n" for row in rows) + f"{info}/RECORD,,\n"
    (site / info / "RECORD").write_text(text)
    return Environment(prefix=prefix, path=AbsolutePath("/opt/venvs/kat-web"), python="3.11")


def assert_true(environment: Environment, info: str = "web-1.0.dist-info") -> set[str]:
    """Every row of the record is true; the paths it names."""
    record = Record(environment.site_packages / info / "RECORD")
    for name, digest, size in record.rows():
        if digest:
            assert row_of(name, record.located(name)) == (name, digest, size)
    return {name for name, _, _ in record.rows()}


def test_what_installers_note_for_themselves_goes_and_so_do_their_rows(tmp_path: Path) -> None:
    environment = install(tmp_path, files={"web/__pycache__/cli.cpython-311.pyc": b"x", "tests/test_web.py": b""})
    (tmp_path / ".lock").touch()
    tidy(environment)
    names = assert_true(environment)
    for gone in ("direct_url.json", "REQUESTED", "__pycache__", "tests", ".lock"):
        assert not list(tmp_path.rglob(gone))
        assert not [name for name in names if gone in name.split("/")]


def test_tests_inside_a_package_stay(tmp_path: Path) -> None:
    environment = install(tmp_path, files={"web/tests/test_web.py": b"", "test/__init__.py": b""})
    tidy(environment)
    assert "web/tests/test_web.py" in assert_true(environment)
    assert not (environment.site_packages / "test").exists()


def test_directories_are_named_after_the_targets_python(tmp_path: Path) -> None:
    environment = install(tmp_path, python="3.9")
    (tmp_path / "lib64").mkdir()
    tidy(environment)
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["python3.11"]
    assert not (tmp_path / "lib64").exists()
    assert (tmp_path / "bin/python3.11").readlink() == Path("/usr/bin/python3.11")
    assert (tmp_path / "pyvenv.cfg").read_text().endswith("version = 3.11\n")


@pytest.mark.parametrize("script", [b"#!/build/bin/python3\nimport web\n", LONG])
def test_a_script_runs_with_the_environments_interpreter_and_its_row_stays_true(script: bytes, tmp_path: Path) -> None:
    environment = install(tmp_path, scripts={"web": script})
    tidy(environment)
    path = tmp_path / "bin/web"
    assert path.read_bytes().splitlines()[0] == b"#!/opt/venvs/kat-web/bin/python"
    assert path.read_bytes().endswith(b"import web\n")
    assert path.stat().st_mode & 0o777 == 0o755
    assert "../../../bin/web" in assert_true(environment)


@pytest.mark.parametrize("script", [b"#!/bin/sh\nexec web\n", b"\x7fELF", b""])
def test_what_is_no_python_script_stays_as_it_is(script: bytes, tmp_path: Path) -> None:
    environment = install(tmp_path, scripts={"web": script})
    tidy(environment)
    assert (tmp_path / "bin/web").read_bytes() == script


@pytest.mark.parametrize(
    "entry_points",
    [
        "[console_scripts]\nweb = web.missing:main\n",
        "[gui_scripts]\nweb = missing\n",
        "[console_scripts]\nweb = web.cli.missing:main [extra]\n",
    ],
)
def test_a_command_that_leads_nowhere_is_refused(entry_points: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="the command web leads nowhere: there is no module") as caught:
        tidy(install(tmp_path, entry_points=entry_points))
    assert caught.value.where == "web-1.0.dist-info"
    assert caught.value.hint == "the wheel lacks a package that its entry points name; mend its build"


@pytest.mark.parametrize(
    "entry_points",
    [
        "[console_scripts]\nWeb = web.cli:main [extra]\nweb = web:main\n",
        "[console_scripts]\nweb = web.fast:main\n",
        "[other]\nplugin = nowhere\n",
        "[console_scripts]\nweb = web.cli:main\nweb = web.cli:main\n",
        "",
    ],
)
def test_a_command_that_leads_somewhere_is_fine(entry_points: str, tmp_path: Path) -> None:
    tidy(install(tmp_path, entry_points=entry_points, files={"web/fast.abi3.so": b""}))


def test_entry_points_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="its entry points cannot be read") as caught:
        tidy(install(tmp_path, entry_points="web = web.cli:main\n"))
    assert caught.value.where == "web-1.0.dist-info/entry_points.txt"


def test_a_path_of_the_building_machine_is_refused(tmp_path: Path) -> None:
    environment = install(tmp_path, files={"web/paths.py": f"ROOT = '{tmp_path}'\n".encode()})
    with pytest.raises(BuildError, match=r"web/paths\.py holds a path of the building machine") as caught:
        tidy(environment)
    assert caught.value.where == "/opt/venvs/kat-web"


def test_the_glibc_that_it_needs_is_the_highest_of_what_each_wheel_is_content_with(tmp_path: Path) -> None:
    several = ("cp311-cp311-manylinux_2_28_x86_64.manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_34_x86_64")
    environment = install(tmp_path, tags=several)
    assert environment.glibc((2, 36)) == (2, 17)
    install(tmp_path, name="other", tags=("cp311-cp311-manylinux_2_24_x86_64",), entry_points="")
    assert environment.glibc((2, 36)) == (2, 24)


def test_what_is_not_compiled_needs_no_glibc(tmp_path: Path) -> None:
    assert install(tmp_path).glibc((2, 36)) is None


def test_what_was_compiled_where_the_environment_was_made_needs_the_glibc_of_that_place(tmp_path: Path) -> None:
    environment = install(tmp_path, tags=("cp311-cp311-linux_x86_64",))
    install(tmp_path, name="other", tags=("cp311-cp311-manylinux_2_24_x86_64",), entry_points="")
    assert environment.glibc((2, 36)) == (2, 36)


def test_the_modules_own_names_are_those_of_its_record(tmp_path: Path) -> None:
    environment = install(tmp_path, name="Some_Web", scripts={"web": b""}, files={"single.py": b""})
    install(tmp_path, name="other")
    assert environment.top_levels("some-web") == {"Some_Web", "single.py"}
    assert environment.top_levels("nothing") == frozenset()
