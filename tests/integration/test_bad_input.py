"""Bad input, as a user meets it: one clear error, the exit code of its family, and nothing left behind."""

from __future__ import annotations

import json

import pytest

from tests.builders import make_wheel, make_zip
from tests.integration.conftest import FILES, Small, web_artifact
from tests.integration.spoilt import (
    SDIST,
    WHEEL,
    Case,
    another_version_asked_for,
    changed,
    edited,
    environment_of_trixie,
    for_another_package,
    gone,
    misspelt,
    not_locked,
    twice,
    unreadable_lock,
    web_bytes,
    web_of,
    web_with,
    without_web,
)
from tests.trees import tree

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("small")]


CASES: dict[str, Case] = {
    "an artifact that is no zip": Case(
        spoil=web_bytes(b"<html>not found</html>"),
        status=4,
        message="web-1.0.zip is no zip file",
        where="web-1.0.zip",
        hint="look at what the CI job uploaded",
    ),
    "a zip that is cut off": Case(
        spoil=lambda small: (small.artifacts / "web-1.0.zip").write_bytes(
            (small.artifacts / "web-1.0.zip").read_bytes()[:60]
        ),
        status=4,
        message="it is no whole zip file",
        where="web-1.0.zip",
    ),
    "a zip with a parent path": Case(
        spoil=web_of(WHEEL | {"../evil": b"x"}),
        status=4,
        message="the name '../evil' leads out of the archive",
        where="web-1.0.zip",
    ),
    "a zip without a wheel": Case(
        spoil=web_of({"readme.txt": b"x"}),
        status=5,
        message="0 files match 'web-*.whl', and it must be one",
        where="web-1.0.zip",
        hint="it holds readme.txt; say which one in payload.wheel",
    ),
    "a wheel that is none": Case(spoil=web_of(WHEEL), status=5, message="web-1.0-py3-none-any.whl is no whole wheel"),
    "a wheel for another Python": Case(
        spoil=web_with(tag="cp312-cp312-manylinux_2_17_x86_64"),
        status=5,
        message="the wheel is not for Python 3.11 on bookworm/amd64",
        where="web-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        hint="build the artifact with the target's Python, or choose another in payload.wheel",
    ),
    "a command that leads nowhere": Case(
        spoil=web_with(scripts="web = web.missing:main"),
        status=5,
        message="the command web leads nowhere: there is no module web.missing",
        where="web-1.0.dist-info",
        hint="the wheel lacks a package that its entry points name; mend its build",
    ),
    "a dependency without its hash": Case(
        spoil=web_with(lock="needed==2.0\n"),
        status=5,
        message="the lock has no hash for needed 2.0",
        where="web-1.0-py3-none-any.whl",
        hint="lock again, with hashes",
    ),
    "a dependency with another hash": Case(
        spoil=web_with(lock=f"needed==2.0 --hash=sha256:{'0' * 64}\n"),
        status=5,
        message="needed 2.0 is not what the lock names: its hash differs",
        where="web-1.0-py3-none-any.whl",
        hint="lock again, with hashes",
    ),
    "an artifact without its lock": Case(
        spoil=lambda small: make_zip(
            small.artifacts / "web-1.0.zip",
            {"web-1.0-py3-none-any.whl": make_wheel(small.root, version="1.0").read_bytes()},
        ),
        status=5,
        message="the artifact has no lock requirements.txt",
        where="web-1.0.zip",
        hint="it has no .txt file; say which one in payload.lock",
    ),
    "a module without artifact": Case(
        spoil=without_web,
        words=("fetch",),
        fetched=False,
        status=4,
        message="there is no artifact of web for bookworm/amd64: nothing is named web-{version}.zip",
        where="modules/web.toml: artifact.name",
        hint="wbe-1.0.zip looks like it",
    ),
    "a module that names no artifact": Case(
        spoil=edited("modules/web.toml", '[artifact]\nname = "web-{version}.zip"\n', ""),
        fetched=False,
        status=3,
        message="missing key 'artifact'",
        where="modules/web.toml",
    ),
    "two artifacts of one version": Case(
        spoil=twice,
        words=("fetch", "web"),
        fetched=False,
        status=4,
        message="2 artifacts are of version 1.0",
        where="modules/web.toml: artifact.name",
        hint="say more in artifact.name, or move all but one away",
    ),
    "an unknown key in a module": Case(
        spoil=misspelt,
        fetched=False,
        status=3,
        message="unknown key 'sectoin'",
        where="modules/web.toml",
        hint="did you mean 'section'?",
    ),
    "an unknown module": Case(
        spoil=lambda _small: None,
        words=("build", "wbe"),
        status=3,
        message="there is no module 'wbe'",
        where="definition/modules",
        hint="one of greeting, hello, kat, page, web",
    ),
    "a lock that another artifact was put in place of": Case(
        spoil=changed,
        fetched=False,
        status=4,
        message="web-1.0.zip is not the artifact that is locked",
        where="web-1.0.zip",
        hint="if what is there now is right: katpkg fetch web",
    ),
    "a lock whose artifact is gone": Case(
        spoil=gone,
        fetched=False,
        status=4,
        message="web-1.0.zip is locked, but it is not there any more",
        where="artifacts/web-1.0.zip",
        hint="put it back, or take what is there now: katpkg fetch web",
    ),
    "a lock of another version than is asked for": Case(
        spoil=another_version_asked_for,
        fetched=False,
        status=3,
        message="katpkg.lock has version 1.0 of web, and the definition asks for 2.0",
        where="katpkg.lock",
        hint="katpkg fetch web",
    ),
    "a lock from before a module was added": Case(
        spoil=not_locked,
        words=("build", "new"),
        fetched=False,
        status=3,
        message="katpkg.lock has no artifact of new for bookworm/amd64",
        where="katpkg.lock",
        hint="katpkg fetch new",
    ),
    "a lock that cannot be read": Case(
        spoil=unreadable_lock,
        fetched=False,
        status=3,
        message="the lock cannot be read",
        where="definition/katpkg.lock",
        hint="katpkg fetch",
    ),
    "no lock where one must be": Case(
        spoil=lambda small: small.lock.unlink(),
        words=("build", "--locked"),
        fetched=False,
        status=3,
        message="there is no lock",
        where="definition/katpkg.lock",
        hint="katpkg fetch",
    ),
    "a foreign package of another name": Case(
        spoil=for_another_package,
        words=("build", "greeting"),
        status=5,
        message="the artifact holds something-else, and the definition says demo-greeting",
        where="demo-greeting_1.0-1_all.deb",
        hint="set package = 'something-else' in modules/greeting.toml",
    ),
    "a foreign virtual environment for another Python": Case(
        spoil=environment_of_trixie,
        words=("build", "hello", "--no-lintian"),
        status=5,
        message="its virtual environment is for Python 3.13, and the target has 3.11",
        where="kat-hello_1.2.0~rc1_all.deb",
        hint="take the artifact that was built on bookworm, or build from its wheel",
    ),
    "a copy of what the artifact lacks": Case(
        spoil=edited("modules/page.toml", 'source = "www"', 'source = "wwww"'),
        words=("build", "page", "--no-lintian"),
        status=5,
        message="the artifact has no 'wwww'",
        where="page-1.0.tar.gz",
        hint="it has 'www'",
    ),
    "a copy that leads out of the artifact": Case(
        spoil=edited("modules/page.toml", 'source = "www"', 'source = "../../../keys"'),
        words=("build", "page", "--no-lintian"),
        status=5,
        message="the copy '../../../keys' leads out of the artifact",
        where="page-1.0.tar.gz",
        hint="say where it lies inside the artifact",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_clear_error_and_leaves_nothing_behind(case: str, small: Small) -> None:
    wrong = CASES[case]
    wrong.spoil(small)
    if wrong.fetched:
        small.definition.katpkg("fetch")
    before = tree(small.root)
    done = small.definition.katpkg("--json", *wrong.words, check=False)
    assert done.returncode == wrong.status, done.stderr
    (error,) = json.loads(done.stdout)["errors"]
    assert error["message"].startswith(wrong.message)
    assert wrong.where in (error["where"] or "")
    assert wrong.hint in (error["hint"] or "")
    assert error["exit_code"] == wrong.status
    assert f"error: {error['message']}" in done.stderr
    assert "Traceback" not in done.stderr
    left = {name: what for name, what in tree(small.root).items() if name not in ("packages", "packages/bookworm")}
    assert left == before


def test_a_dependency_that_is_only_an_sdist_is_named(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_OFFLINE")
    web_with(lock=SDIST)(small)
    small.definition.katpkg("fetch")
    done = small.definition.katpkg("build", "web", "--no-lintian", check=False)
    assert done.returncode == 5
    assert "error: docopt 0.6.2 has no wheel for Python 3.11 on bookworm/amd64" in done.stderr
    assert " hint: build one: pip wheel --no-deps docopt==0.6.2" in done.stderr


def test_all_that_is_wrong_in_a_definition_is_said_at_once(small: Small) -> None:
    small.definition.edit("modules/web.toml", "license =", "licence =")
    small.definition.edit("katpkg.toml", "label =", "lable =")
    done = small.definition.katpkg("build", check=False)
    assert done.returncode == 3
    assert "unknown key 'licence'" in done.stderr
    assert "unknown key 'lable'" in done.stderr
    assert not (small.root / "packages").exists()


def test_a_vanished_file_stops_the_build_and_may_be_accepted(published_small: Small) -> None:
    small = published_small
    web_artifact(small.artifacts, "1.1", files={name: text for name, text in FILES.items() if "index" not in name})
    small.definition.katpkg("fetch", "web")
    before = tree(small.root)
    done = small.definition.katpkg("build", "web", "--no-lintian", check=False)
    assert done.returncode == 5
    assert "error: kat-web 1.1-1~deb12u1 lacks 1 paths that its last published version has" in done.stderr
    assert "in: modules/web.toml" in done.stderr
    path = "/opt/venvs/kat-web/lib/python3/site-packages/web/templates/index.html"
    assert f"accept_vanished = ['{path}']" in done.stderr
    assert tree(small.root) == before
    small.definition.edit("modules/web.toml", "\n[artifact]", f"accept_vanished = ['{path}']\n\n[artifact]")
    small.definition.katpkg("build", "web", "--no-lintian")
    assert (small.packages / "kat-web_1.1-1~deb12u1_amd64.deb").is_file()
