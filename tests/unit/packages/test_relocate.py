"""A finished virtual environment from a tarball: moved, the module joined to it, and refused where that cannot be."""

from __future__ import annotations

import csv
import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from katpkg.errors import BuildError, KatpkgError, SourceError
from katpkg.model.artifact import Payload
from katpkg.model.names import AbsolutePath, PackageName
from katpkg.model.payload import Copy, VenvPayload
from katpkg.model.target import Target
from katpkg.packages.places import Places
from katpkg.packages.relocate import relocate
from katpkg.packages.tidy import Environment
from katpkg.sources.unpack import links_of, open_payload
from tests.builders import TRIXIE, make_artifact, make_module, make_target, make_wheel

KIND = VenvPayload(kind="venv", archives=("*_venv_*.tar.gz", "web_v[0-9]*.tar.gz"), join=("web/shop", "web/one.py"))
MADE_AT = "www, html/.venv"
SITE = "lib/python3.11/site-packages"
RECORD = f".venv/{SITE}/needed-2.0.dist-info/RECORD"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a real virtual environment, as CI has it, and beside it the module that runs in it."""
    directory = tmp_path_factory.mktemp("made")
    venv = directory / MADE_AT
    wheel = make_wheel(directory, name="needed", version="2.0", scripts="needed = needed.cli:main")
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", venv], check=True)
    install = [find_uv_bin(), "pip", "install", "--quiet", "--offline", "--no-config", "--python"]
    subprocess.run([*install, venv / "bin/python", wheel], check=True)
    (directory / "web/shop").mkdir(parents=True)
    (directory / "web/shop/__init__.py").touch()
    (directory / "web/one.py").write_text("import needed\n")
    (directory / "web/static").mkdir()
    (directory / "web/static/page.html").write_text("It works")
    return directory


Change = Callable[[tarfile.TarInfo], tarfile.TarInfo | None]


def pack(made: Path, into: Path, change: Change = lambda info: info) -> Path:
    """What CI uploads: an archive of each."""
    root = into / "payload"
    root.mkdir()
    for name, tree, place in (("web_venv_v1.tar.gz", MADE_AT, ".venv"), ("web_v1.tar.gz", "web", "web")):
        with tarfile.open(root / name, "w:gz", compresslevel=1) as tar:
            tar.add(made / tree, place, filter=change)
    return root


def take(root: Path, kind: VenvPayload = KIND, target: Target | None = None) -> Environment:
    (root.parent / "web-1.zip").touch()
    (root.parent / "root").mkdir()
    payload = Payload(artifact=make_artifact(root.parent / "web-1.zip"), root=root)
    places = Places(prefix=PackageName("kat"), module=make_module(), target=target or make_target())
    return relocate(payload, kind, places, root.parent / "root")


def test_an_environment_is_moved_and_the_module_joined_to_it(made: Path, tmp_path: Path) -> None:
    copies = (Copy(source="web/static", to=AbsolutePath("/usr/share/kat-web")),)
    environment = take(
        pack(made, tmp_path), VenvPayload(kind="venv", archives=KIND.archives, join=KIND.join, copies=copies)
    )
    assert environment.path == "/opt/venvs/kat-web"
    assert (environment.prefix / SITE / "shop/__init__.py").is_file()
    assert (environment.prefix / SITE / "one.py").is_file()
    assert (tmp_path / "root/usr/share/kat-web/page.html").read_text() == "It works"
    assert (environment.prefix / "bin/python").readlink() == Path("/usr/bin/python3.11")
    assert (environment.prefix / "bin/needed").read_text().startswith("#!/opt/venvs/kat-web/bin/python\n")


def test_nothing_tells_where_it_was_made_and_its_records_are_true(made: Path, tmp_path: Path) -> None:
    environment = take(pack(made, tmp_path))
    files = [path for path in environment.prefix.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in files if str(made).encode() in path.read_bytes()]
    assert {path.name for path in (environment.prefix / "bin").iterdir()} == {
        "needed",
        "python",
        "python3",
        "python3.11",
    }
    assert not (environment.prefix / "lib64").is_symlink()
    with (environment.prefix / SITE / "needed-2.0.dist-info/RECORD").open() as file:
        rows = {name: size for name, _, size in csv.reader(file)}
    assert all((environment.prefix / SITE / name).is_file() for name in rows)
    assert rows["../../../bin/needed"] == str((environment.prefix / "bin/needed").stat().st_size)


def test_it_runs_where_it_is_put(made: Path, tmp_path: Path) -> None:
    environment = take(pack(made, tmp_path))
    done = subprocess.run(
        [environment.prefix / "bin/python", "-c", "import one, shop"], check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_artifact_may_be_the_environment_itself_whose_interpreter_leads_out(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "web-1.tar.gz"
    with tarfile.open(file, "w:gz", compresslevel=1) as tar:
        tar.add(made / MADE_AT, ".")
    kind = VenvPayload(kind="venv")
    payload = open_payload(make_artifact(file), file, tmp_path / "payload", links=links_of(kind))
    assert not (payload.root / "bin/python3").is_symlink()
    environment = take(payload.root, kind)
    assert (environment.prefix / SITE / "needed/cli.py").is_file()


def test_an_environment_for_another_python_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        take(pack(made, tmp_path), target=make_target(TRIXIE))
    assert caught.value.message == "its virtual environment is for Python 3.11, and the target has 3.13"


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("needed-2.0.dist-info/WHEEL", b"Tag: cp310-cp310-manylinux_2_17_x86_64\n", "needed-2.0"),
        ("needed-2.0.dist-info/WHEEL", b"Tag: cp311-cp311-manylinux_2_17_aarch64\n", "needed-2.0"),
        ("needed-2.0.dist-info/WHEEL", b"Tag: cp311-cp311-manylinux_2_39_x86_64\n", "needed-2.0"),
        ("needed/_speed.cpython-310-x86_64-linux-gnu.so", b"", "needed/_speed.cpython-310-x86_64-linux-gnu.so"),
    ],
)
def test_what_is_compiled_for_another_python_or_machine_is_refused(
    name: str, content: bytes, what: str, made: Path, tmp_path: Path
) -> None:
    root = pack(made, tmp_path, lambda info: None if info.name.endswith(name) else info)
    rewrite(root / "web_venv_v1.tar.gz", f".venv/{SITE}/{name}", content)
    with pytest.raises(BuildError) as caught:
        take(root)
    assert caught.value.message == f"{what} in its virtual environment is not for Python 3.11 on bookworm/amd64"
    assert caught.value.hint == "take the artifact that was built on bookworm for amd64"


@pytest.mark.parametrize(
    ("name", "target", "error", "message"),
    [
        (".venv/pyvenv.cfg", f"{SITE}/needed/cli.py", BuildError, "pyvenv.cfg of its virtual environment is a link"),
        (".venv/bin/sh", "/bin/sh", SourceError, "the link '.venv/bin/sh' points out of the archive, to '/bin/sh'"),
        (".venv/bin/python3/../../../x", "y", SourceError, "leads out of the archive"),
        (RECORD, "/etc/passwd", SourceError, "points out of the archive"),
        (
            f".venv/{SITE}/needed-2.0.dist-info/RECORD",
            "METADATA",
            BuildError,
            "RECORD of its virtual environment is a link",
        ),
    ],
)
def test_a_link_through_which_files_of_this_machine_could_be_written_is_refused(
    name: str, target: str, error: type[KatpkgError], message: str, made: Path, tmp_path: Path
) -> None:
    root = pack(made, tmp_path, lambda info: None if info.name == name else info)
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    rewrite(root / "web_venv_v1.tar.gz", link, b"")
    with pytest.raises(error, match=message):
        take(root)


def test_a_file_that_holds_the_path_where_it_was_made_is_named(made: Path, tmp_path: Path) -> None:
    root = pack(made, tmp_path)
    rewrite(root / "web_venv_v1.tar.gz", f".venv/{SITE}/web.pth", str(made / MADE_AT / "src").encode())
    with pytest.raises(BuildError) as caught:
        take(root)
    assert caught.value.message == f"{SITE}/web.pth holds a path of the building machine"


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        (
            VenvPayload(kind="venv"),
            "it holds 0 virtual environments, and it must be one",
            "if it lies in an archive inside, name that in payload.archives",
        ),
        (
            VenvPayload(kind="venv", archives=("*.tar.gz",)),
            "2 files match '*.tar.gz', and it must be one",
            "it holds web_v1.tar.gz, web_venv_v1.tar.gz; say which one in payload.archives",
        ),
        (
            VenvPayload(kind="venv", archives=("*_venv_*", "*_venv_*")),
            "two archives in it hold '.venv'",
            "each has to have names of its own",
        ),
        (
            replace(KIND, join=("web/one.py", "web/one.py")),
            "one.py is in the virtual environment already",
            "leave 'web/one.py' out of payload.join",
        ),
    ],
)
def test_what_a_definition_says_of_it_must_be_so(
    kind: VenvPayload, message: str, hint: str, made: Path, tmp_path: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        take(pack(made, tmp_path), kind)
    assert caught.value.message == message
    assert hint in str(caught.value.hint)
    assert caught.value.where == "web-1.zip"


def rewrite(archive: Path, member: tarfile.TarInfo | str, content: bytes) -> None:
    """Put ``member`` at the end of ``archive``."""
    info = tarfile.TarInfo(member) if isinstance(member, str) else member
    info.size = len(content)
    with tarfile.open(archive) as tar:
        old = [(each, tar.extractfile(each).read() if each.isfile() else b"") for each in tar]  # type: ignore[union-attr]
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for each, its in [*old, (info, content)]:
            tar.addfile(each, io.BytesIO(its))
