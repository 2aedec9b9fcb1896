"""Virtual environments in packages: whole, true to their records, and without a trace of where they were made."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from katpkg import process
from katpkg.packages.deb.inspect import read_deb
from tests.builders import make_zip
from tests.conftest import Definition, make_definition
from tests.integration.conftest import Small

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("made")]


@pytest.fixture(scope="session")
def flower(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> Definition:
    """Real software with compiled wheels, built for a Python that is not here, and built twice."""
    definition = make_definition(tmp_path_factory.mktemp("flower"), demo_artifacts, "trixie")
    definition.edit("katpkg.toml", "[build]", '[build]\ncompression = "zstd"')
    done = definition.katpkg("build", "flower", "--no-lintian", "--check-reproducible")
    assert "a second build elsewhere is the same, bit for bit" in done.stderr
    return definition


@pytest.fixture(scope="session")
def trees(flower: Definition, small_built: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What installation would put on a machine."""
    found = {}
    for name, directory in (("flower", flower.directory.parent), ("web", small_built.root)):
        (deb,) = (directory / "packages").rglob(f"kat-{name}_*.deb")
        found[name] = tmp_path_factory.mktemp(name)
        subprocess.run(["dpkg-deb", "-x", deb, found[name]], check=True)
    return found


@pytest.fixture(params=["flower", "web"])
def environment(request: pytest.FixtureRequest, trees: dict[str, Path]) -> Path:
    """One of them: the directory of the virtual environment."""
    return trees[request.param] / "opt/venvs" / f"kat-{request.param}"


def site_packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python3.*/site-packages")
    return found


def test_a_wheel_is_built_for_a_python_that_is_not_here(flower: Definition) -> None:
    assert shutil.which("python3.13", path=process.SYSTEM_PATH) is None
    (deb,) = (flower.directory.parent / "packages/trixie").glob("*.deb")
    depends = read_deb(deb).fields["Depends"]
    assert "python3 (>= 3.13), python3 (<< 3.14)" in depends
    assert "libc6 (>= 2." in depends


def test_the_bounds_of_python_are_those_of_the_target(small_built: Small) -> None:
    for name in ("web", "hello"):
        (deb,) = small_built.packages.glob(f"kat-{name}_*.deb")
        assert "python3 (>= 3.11), python3 (<< 3.12)" in read_deb(deb).fields["Depends"]


def test_every_row_of_every_record_is_true(environment: Path) -> None:
    records = sorted(site_packages(environment).glob("*.dist-info/RECORD"))
    rows = [row for record in records for row in csv.reader(record.read_text().splitlines())]
    assert len(rows) > len(records)
    for name, digest, size in rows:
        content = (site_packages(environment) / name).read_bytes()
        if digest:
            sha256 = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={sha256}", str(len(content))), name


def test_nothing_tells_how_or_where_it_was_installed(environment: Path) -> None:
    names = {path.name for path in environment.rglob("*")}
    assert not names & {"direct_url.json", "uv_cache.json", "REQUESTED", "__pycache__", ".lock"}
    traces = [b"/pytest-of-", b"/packages/bookworm", b"/packages/trixie", b"/.katpkg-"]
    for path in environment.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not [trace for trace in traces if trace in content], path


def test_every_command_leads_somewhere_and_runs_by_the_environments_interpreter(environment: Path) -> None:
    scripts = 0
    for file in site_packages(environment).glob("*.dist-info/entry_points.txt"):
        entries = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        entries.read_string(file.read_text())
        for name, target in entries.items("console_scripts") if entries.has_section("console_scripts") else ():
            place = site_packages(environment).joinpath(*target.split(":")[0].strip().split("."))
            assert place.is_dir() or place.with_suffix(".py").is_file()
            first = (environment / "bin" / name).read_text().splitlines()[0]
            assert first == f"#!/opt/venvs/{environment.name}/bin/python"
            scripts += 1
    assert scripts


def test_the_interpreter_is_the_servers_own(environment: Path) -> None:
    version = site_packages(environment).parent.name
    assert (environment / "bin/python").readlink() == Path(f"/usr/bin/{version}")
    assert (environment / "bin" / version).readlink() == Path(f"/usr/bin/{version}")
    assert f"version = {version.removeprefix('python')}\n" in (environment / "pyvenv.cfg").read_text()


def test_tests_that_a_wheel_drops_beside_its_modules_are_left_out(trees: dict[str, Path]) -> None:
    environment = trees["web"] / "opt/venvs/kat-web"
    there = {path.name for path in site_packages(environment).iterdir()}
    assert there == {"web", "web-1.0.dist-info", "needed.py", "needed-2.0.dist-info"}
    assert (site_packages(environment) / "web/templates/index.html").is_file()
    assert "tests/" not in (site_packages(environment) / "web-1.0.dist-info/RECORD").read_text()


APART = """
package = "kat-shop"
summary = "environment and module from two artifacts"
description = "As a workflow uploads them that keeps the program out of its environment."
license = "CC0-1.0"
copyright = "2026 Somebody"

[artifact]
name = "shop_venv_{version}_python3.11.zip"
beside = ["shop_{version}.zip"]

[payload]
kind = "venv"
archives = ["shop_venv_*.tar.gz", "shop_v[0-9]*.tar.gz"]
join = ["shop/shop"]
"""


def tar_of(place: str, tree: Path) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        tar.add(tree, place)
    return stream.getvalue()


def upload(directory: Path, name: str, place: str, tree: Path) -> None:
    make_zip(directory / f"{name}.zip", {f"{name}.tar.gz": tar_of(place, tree)})


@pytest.fixture
def apart(definition: Definition, tmp_path: Path) -> Definition:
    """A definition whose module comes as an environment that was made elsewhere, and a program that runs in it."""
    made, uploads = tmp_path / "www/html", tmp_path / "uploads"
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", made / ".venv"], check=True)
    (made / "shop/shop").mkdir(parents=True)
    (made / "shop/shop/__init__.py").write_text("GREETING = 'open'\n")
    uploads.mkdir()
    upload(uploads, "shop_venv_v1.0_python3.11", ".venv", made / ".venv")
    upload(uploads, "shop_v1.0", "shop", made / "shop")
    (definition.directory / "modules/shop.toml").write_text(f"{APART}\n[source]\npath = {json.dumps(str(uploads))}\n")
    return definition


def built(definition: Definition) -> Mapping[str, str]:
    (deb,) = (definition.directory.parent / "packages/bookworm").glob("kat-shop_*.deb")
    root = definition.directory.parent / "root"
    subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
    python = root / "opt/venvs/kat-shop/bin/python"
    said = subprocess.run([python, "-c", "import shop; print(shop.GREETING)"], check=True, capture_output=True).stdout
    return {"version": read_deb(deb).version, "said": said.decode().strip()}


def test_environment_and_module_that_ci_uploads_apart_become_one_package_and_another_when_one_changes(
    apart: Definition, tmp_path: Path
) -> None:
    apart.katpkg("fetch", "shop")
    apart.katpkg("build", "shop", "--no-lintian")
    assert built(apart) == {"version": "1.0-1~deb12u1", "said": "open"}
    assert "kept" in apart.katpkg("build", "shop", "--no-lintian").stderr
    (tmp_path / "www/html/shop/shop/__init__.py").write_text("GREETING = 'closed'\n")
    upload(tmp_path / "uploads", "shop_v1.0", "shop", tmp_path / "www/html/shop")
    apart.katpkg("fetch", "shop")
    apart.katpkg("build", "shop", "--no-lintian")
    assert built(apart)["said"] == "closed"


def test_two_artifacts_that_hold_a_file_of_one_name_are_refused(apart: Definition, tmp_path: Path) -> None:
    make_zip(tmp_path / "uploads/shop_v1.0.zip", {"shop_venv_v1.0_python3.11.tar.gz": b""})
    refused = apart.katpkg("build", "shop", "--no-lintian", check=False)
    assert refused.returncode == 5
    assert "two of its artifacts hold 'shop_venv_v1.0_python3.11.tar.gz'" in refused.stderr
    assert "each has to have names of its own" in refused.stderr
    assert not (tmp_path / "packages").exists() or not list((tmp_path / "packages").rglob("kat-shop*"))
