"""Virtual environments by uv: what is taken, from which lock, and what is said when something does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from katpkg.errors import BuildError
from katpkg.model.artifact import Payload
from katpkg.model.digests import Digest
from katpkg.model.names import AbsolutePath, Line, PackageName
from katpkg.model.payload import Copy, WheelPayload
from katpkg.model.target import Release, Target
from katpkg.packages.places import Places
from katpkg.packages.venv import Assembled, assemble, python_depends
from tests.builders import BOOKWORM, NOBLE, TRIXIE, make_artifact, make_module, make_target, make_wheel

LOCK = "requirements.txt"


@pytest.fixture
def payload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Payload:
    """A wheel and an empty lock."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    (tmp_path / "web-1.0.zip").touch()
    root = tmp_path / "payload, of an artifact"
    root.mkdir()
    make_wheel(root, version="1.0")
    (root / LOCK).touch()
    return Payload(artifact=make_artifact(tmp_path / "web-1.0.zip"), root=root)


def put_together(payload: Payload, kind: WheelPayload | None = None, target: Target | None = None) -> Assembled:
    places = Places(prefix=PackageName("kat"), module=make_module(), target=target or make_target())
    return assemble(payload, kind or WheelPayload(kind="wheel"), places, payload.root.parent / "root")


def site(payload: Payload, python: str = "3.11") -> Path:
    return payload.root.parent / f"root/opt/venvs/kat-web/lib/python{python}/site-packages"


@pytest.mark.parametrize("release", [BOOKWORM, TRIXIE, NOBLE])
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_a_pure_wheel_is_installed_for_every_target(release: Release, architecture: str, payload: Payload) -> None:
    target = make_target(release, architecture)
    assembled = put_together(payload, target=target)
    assert assembled == Assembled(depends=python_depends(target), own=frozenset({"web"}))
    assert (site(payload, target.release.python) / "web/cli.py").is_file()


def test_python_is_bounded_on_both_sides() -> None:
    assert python_depends(make_target(TRIXIE)) == ("python3 (>= 3.13)", "python3 (<< 3.14)")


def test_a_compiled_wheel_asks_for_its_libc(payload: Payload) -> None:
    (payload.root / "web-1.0-py3-none-any.whl").unlink()
    make_wheel(payload.root, version="1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    assembled = put_together(payload)
    assert assembled.depends == (*python_depends(make_target()), "libc6 (>= 2.28)")


def test_the_lock_may_be_one_for_each_python(payload: Payload) -> None:
    (payload.root / LOCK).rename(payload.root / "locks-3.11-bookworm.txt")
    put_together(payload, WheelPayload(kind="wheel", lock="locks-{python}-{codename}.txt"))
    assert (site(payload) / "web").is_dir()


def test_a_lock_that_names_the_wheel_itself_is_obeyed(payload: Payload) -> None:
    digest = Digest.of(payload.root / "web-1.0-py3-none-any.whl").sha256
    (payload.root / LOCK).write_text(f"web==1.0 --hash=sha256:{digest}\n")
    put_together(payload)
    assert (site(payload) / "web").is_dir()


def test_a_wheel_that_is_not_the_one_of_its_lock_is_refused(payload: Payload) -> None:
    (payload.root / LOCK).write_text(f"web==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(BuildError) as caught:
        put_together(payload)
    assert caught.value.message == "web 1.0 is not what the lock names: its hash differs"
    assert caught.value.hint == "lock again, with hashes: uv pip compile --generate-hashes --only-binary :all:"


def test_files_beside_the_wheel_go_where_they_are_sent(payload: Payload) -> None:
    (payload.root / "static").mkdir()
    (payload.root / "static/a.css").touch()
    copies = (Copy(source="static", to=AbsolutePath("/usr/share/kat-web/static")),)
    put_together(payload, WheelPayload(kind="wheel", copies=copies))
    assert (payload.root.parent / "root/usr/share/kat-web/static/a.css").is_file()


def test_two_wheels_are_one_too_many_unless_the_pattern_says_which(payload: Payload) -> None:
    make_wheel(payload.root, name="other", version="1.0", files={}, scripts="")
    with pytest.raises(BuildError) as caught:
        put_together(payload)
    assert caught.value.message == "2 files match '*.whl', and it must be one"
    assert caught.value.where == "web-1.0.zip"
    assert "other-1.0-py3-none-any.whl" in str(caught.value.hint)
    put_together(payload, WheelPayload(kind="wheel", wheel="web-*.whl"))


def test_a_lock_of_another_name_is_said(payload: Payload) -> None:
    (payload.root / LOCK).rename(payload.root / "locked.txt")
    with pytest.raises(BuildError) as caught:
        put_together(payload)
    assert caught.value.message == "the artifact has no lock requirements.txt"
    assert caught.value.hint == "it has locked.txt; say which one in payload.lock"


def test_what_uv_says_otherwise_is_told_in_its_words(payload: Payload) -> None:
    (payload.root / LOCK).write_text("this is no requirement\n")
    with pytest.raises(BuildError) as caught:
        put_together(payload)
    assert caught.value.message == "the virtual environment cannot be put together"
    assert caught.value.where == "web-1.0-py3-none-any.whl"
    assert "this is no requirement" in str(caught.value.details)


def test_a_wheel_whose_requirements_the_lock_leaves_out_is_refused_unless_somebody_accepts_that(
    payload: Payload,
) -> None:
    (payload.root / "web-1.0-py3-none-any.whl").unlink()
    make_wheel(payload.root, version="1.0", requires="graph>=2")
    with pytest.raises(BuildError) as caught:
        put_together(payload)
    assert caught.value.message == "web 1.0 needs graph>=2, and it is not there"
    shutil.rmtree(payload.root.parent / "root")
    put_together(payload, WheelPayload(kind="wheel", accept_unmet=(Line("web: graph"),)))
    assert (site(payload) / "web").is_dir()
