"""One package: what stops it, and what then is left in the build directory: nothing."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from katpkg.errors import BuildError, KatpkgError, SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule
from katpkg.model.names import Line, PackageName
from katpkg.model.payload import DebPayload
from katpkg.packages.order import Order
from katpkg.pipeline.make import Workshop, adopt
from tests.builders import MOMENT, make_artifact, make_deb, make_module, make_target, make_zip
from tests.unit.pipeline.projects import artifacts
from tests.unit.pipeline.test_jobs import shop_of

FOREIGN = make_module(
    package=PackageName("demo-thing"), artifact=ArtifactRule(name=Line("x")), payload=DebPayload(kind="deb")
)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    (tmp_path / "artifacts").mkdir()
    return shop_of(tmp_path, (FOREIGN,), (make_target(),))


def order_of(shop: Workshop, file: Path) -> Order:
    artifact: Artifact = make_artifact(file.replace(artifacts(shop.project) / file.name))
    return Order(
        project=shop.project, module=FOREIGN, target=make_target(), artifact=artifact, date=MOMENT, siblings={}
    )


def left(shop: Workshop) -> list[Path]:
    return list(shop.project.build.directory.rglob("*"))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_finished_package_is_kept_byte_for_byte(shop: Workshop, tmp_path: Path, *, zipped: bool) -> None:
    deb = make_deb(tmp_path / "made")
    digest = Digest.of(deb)
    file = make_zip(tmp_path / "web-1.0.zip", {deb.name: deb.read_bytes()}) if zipped else deb
    package = adopt(shop, order_of(shop, file))
    assert package.path == shop.project.build.directory / "bookworm/demo-thing_1.0-1_all.deb"
    assert Digest.of(package.path) == package.digest == digest
    assert package.path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ({"Package": "other"}, "the artifact holds other, and the definition says demo-thing"),
        ({"Architecture": "arm64"}, "demo-thing is for arm64, not for bookworm/amd64"),
    ],
)
def test_a_finished_package_of_something_else_is_refused(
    control: dict[str, str], message: str, shop: Workshop, tmp_path: Path
) -> None:
    deb = make_deb(tmp_path / "made", control)
    with pytest.raises(BuildError) as caught:
        adopt(shop, order_of(shop, deb))
    assert caught.value.message == message
    assert caught.value.where == deb.name
    assert left(shop) == []


def test_two_packages_in_one_artifact_are_one_too_many(shop: Workshop, tmp_path: Path) -> None:
    file = make_zip(tmp_path / "web-1.0.zip", {"a.deb": b"", "b.deb": b""})
    with pytest.raises(BuildError) as caught:
        adopt(shop, order_of(shop, file))
    assert caught.value.message == "2 files match '*.deb', and it must be one"
    assert caught.value.hint == "it holds a.deb, b.deb; say which one in payload.deb"
    assert left(shop) == []


UNWRITABLE = "the build directory cannot be written: "
FULL = "No space left on device"


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (OSError(errno.ENOSPC, FULL), UNWRITABLE + FULL),
        (OSError(errno.EROFS, "Read-only file system"), f"{UNWRITABLE}Read-only file system"),
        (shutil.Error([("a", "b", f"[Errno 28] {FULL}: 'b'")]), UNWRITABLE + FULL),
        (BuildError("dpkg-deb failed", details=f"dpkg-deb: error: {FULL}"), UNWRITABLE + FULL),
        (SourceError(f"it cannot be unpacked: {FULL}", where="web-1.0.zip", hint="make room"), UNWRITABLE + FULL),
        (SourceError(f"web-1.0.zip cannot be kept: {FULL}", where="/cache/sha256"), "web-1.0.zip cannot be kept"),
        (BuildError("it is wrong"), "it is wrong"),
    ],
)
def test_a_full_build_directory_is_said_whoever_found_out(raised: Exception, message: str, shop: Workshop) -> None:
    with pytest.raises(KatpkgError) as caught, shop.bench("web"):
        raise raised
    assert caught.value.message.startswith(message)
    assert left(shop) == []


def test_what_is_a_bug_stays_one(shop: Workshop) -> None:
    with pytest.raises(FileNotFoundError), shop.bench("web"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert left(shop) == []
