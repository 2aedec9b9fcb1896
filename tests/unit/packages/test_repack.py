"""Somebody else's package under our control file: what stays, what goes, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.names import Line, PackageName
from katpkg.model.payload import DebPayload
from katpkg.packages.places import Places
from katpkg.packages.repack import Repacked, unpack_deb
from tests.builders import make_deb, make_module, make_target

PLACES = Places(prefix=PackageName("kat"), module=make_module(), target=make_target())
VENV = "opt/venvs/kat-web"


def repack(
    tmp_path: Path, files: Mapping[str, str], *drop: str, only_for: tuple[Line, ...] = ()
) -> tuple[Repacked, set[str]]:
    (tmp_path / "made").mkdir()
    deb = make_deb(tmp_path / "made", files=files)
    root = tmp_path / "root"
    root.mkdir()
    kind = DebPayload(kind="deb", repack=True, drop=drop, only_for=only_for)
    repacked = unpack_deb(deb, kind, PLACES, root)
    return repacked, {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_what_we_render_ourselves_is_left_out(tmp_path: Path) -> None:
    _, names = repack(
        tmp_path,
        {
            "lib/systemd/system/web.service": "",
            "usr/lib/systemd/system/other.service": "",
            "usr/lib/sysusers.d/web.conf": "",
            "usr/lib/tmpfiles.d/web.conf": "",
            "usr/share/doc/web/copyright": "",
            "usr/share/lintian/overrides/web": "",
            "etc/init.d/web": "",
            "etc/web.conf": "kept",
        },
    )
    assert names == {"etc/web.conf"}


def test_what_matches_a_pattern_of_the_module_is_left_out_with_the_directories_it_was_alone_in(tmp_path: Path) -> None:
    _, names = repack(tmp_path, {"usr/share/web/a/b.map": "", "usr/share/web/b.js": ""}, "*.map")
    assert names == {"usr/share/web/b.js"}
    assert not (tmp_path / "root/usr/share/web/a").exists()


def test_nothing_lies_below_a_directory_that_is_a_link_on_every_target(tmp_path: Path) -> None:
    _, names = repack(tmp_path, {"lib/web/a.so": "", "bin/web": "", "usr/bin/other": ""})
    assert names == {"usr/lib/web/a.so", "usr/bin/web", "usr/bin/other"}


def test_distributions_that_nobody_asks_for_are_left_out_when_that_is_said(tmp_path: Path) -> None:
    site = f"{VENV}/lib/python3.11/site-packages"
    files = {f"{VENV}/pyvenv.cfg": "", f"{site}/pyproject.py": ""}
    for name, asked in (("web", "Requires-Dist: needed"), ("needed", ""), ("pytest", "Requires-Dist: needed")):
        info = f"{site}/{name}-1.0.dist-info"
        files |= {f"{site}/{name}.py": "", f"{info}/METADATA": f"Name: {name}\nVersion: 1.0\n{asked}\n"}
        files[f"{info}/RECORD"] = f"{name}.py,,\n"
    _, names = repack(tmp_path, files, only_for=(Line("web"),))
    found = {name.removeprefix(f"{site}/") for name in names if name.startswith(site)}
    assert found == {
        *("pyproject.py", "web.py", "web-1.0.dist-info/METADATA", "web-1.0.dist-info/RECORD"),
        *("needed.py", "needed-1.0.dist-info/METADATA", "needed-1.0.dist-info/RECORD"),
    }


def test_without_a_virtual_environment_nothing_follows_about_python(tmp_path: Path) -> None:
    repacked, _ = repack(tmp_path, {"usr/share/web/a": ""})
    assert repacked == Repacked(depends=(), virtual_environment=None)


def test_a_virtual_environment_gets_the_servers_interpreter_and_its_bounds(tmp_path: Path) -> None:
    repacked, names = repack(
        tmp_path,
        {
            f"{VENV}/pyvenv.cfg": "home = /build/python\n",
            f"{VENV}/bin/python3.11": "an interpreter",
            f"{VENV}/bin/python3-config": "kept",
            f"{VENV}/lib/python3.11/site-packages/web.py": "",
            f"{VENV}/lib/python3.11/site-packages/__pycache__/web.cpython-311.pyc": "",
        },
    )
    assert repacked.depends == ("python3 (>= 3.11)", "python3 (<< 3.12)")
    assert repacked.virtual_environment is not None
    assert repacked.virtual_environment.path == f"/{VENV}"
    assert repacked.virtual_environment.interpreter == "/usr/bin/python3.11"
    assert (tmp_path / "root" / VENV / "bin/python3.11").readlink() == Path("/usr/bin/python3.11")
    assert f"{VENV}/bin/python3-config" in names
    assert not [name for name in names if "__pycache__" in name]


def test_of_a_virtual_environment_only_what_servers_need_stays_and_its_records_are_true(
    tmp_path: Path,
) -> None:
    site = f"{VENV}/lib/python3.11/site-packages"
    repacked, names = repack(
        tmp_path,
        {
            f"{VENV}/pyvenv.cfg": "home = /build/python\n",
            f"{VENV}/.gitignore": "*",
            f"{site}/tests/test_web.py": "",
            f"{site}/web/__init__.py": "",
            f"{site}/web/__pycache__/__init__.cpython-311.pyc": "",
            f"{site}/web-1.0.dist-info/WHEEL": "Tag: cp311-cp311-linux_x86_64\n",
            f"{site}/web-1.0.dist-info/direct_url.json": "{}",
            f"{site}/web-1.0.dist-info/RECORD": "web/__init__.py,,\nweb/__pycache__/__init__.cpython-311.pyc,,\n"
            "tests/test_web.py,,\nweb-1.0.dist-info/direct_url.json,,\nweb-1.0.dist-info/RECORD,,\n",
        },
    )
    assert not [name for name in names if name.endswith((".gitignore", ".pyc", "direct_url.json", "test_web.py"))]
    record = (tmp_path / "root" / site / "web-1.0.dist-info/RECORD").read_text()
    assert [line.split(",")[0] for line in record.splitlines()] == ["web/__init__.py", "web-1.0.dist-info/RECORD"]
    assert repacked.depends == ("python3 (>= 3.11)", "python3 (<< 3.12)", "libc6 (>= 2.36)")


@pytest.mark.parametrize(("library", "found"), [("python3.9", "3.9"), ("nothing", "of no version")])
def test_a_virtual_environment_for_another_python_is_refused(library: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        repack(tmp_path, {f"{VENV}/pyvenv.cfg": "", f"{VENV}/lib/{library}/web.py": ""})
    assert caught.value.message == f"its virtual environment is for Python {found}, and the target has 3.11"
    assert caught.value.where == "demo-thing_1.0-1_all.deb"
    assert "built on bookworm" in str(caught.value.hint)


def test_two_virtual_environments_are_one_too_many(tmp_path: Path) -> None:
    files = {f"opt/{name}/{file}": "" for name in "ab" for file in ("pyvenv.cfg", "lib/python3.11/web.py")}
    with pytest.raises(BuildError, match="it holds 2 virtual environments"):
        repack(tmp_path, files)


def test_what_is_no_package_is_said_and_leaves_nothing_beside(tmp_path: Path) -> None:
    deb, root = tmp_path / "web.deb", tmp_path / "root"
    deb.write_bytes(b"!<arch>\njunk")
    root.mkdir()
    with pytest.raises(BuildError) as caught:
        unpack_deb(deb, DebPayload(kind="deb", repack=True), PLACES, root)
    assert caught.value.message == "web.deb is no whole package"
    assert "dpkg-deb" in str(caught.value.details)
    assert sorted(tmp_path.iterdir()) == [root, deb]
