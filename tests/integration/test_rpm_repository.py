"""Repositories of RPMs that katpkg's own command line publishes, and what dnf makes of them."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.builders import make_deb
from tests.ours import Ours
from tests.rpms import Dnf, make_rpm
from tests.tampered import DIGEST, TAMPERED, describe, move, publish, succeed, tamper

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """Published twice, a package each time."""
    directory = tmp_path_factory.mktemp("rpm")
    archive = Ours(directory=directory)
    describe(archive, f"file://{archive.public}")
    succeed(archive.katpkg("key", "new", "--user-id", "small <small@example.org>", "--secret", "secret.asc"))
    publish(archive, "demo-a_1.0")
    publish(archive, "demo-b_1.0")
    return archive


@pytest.fixture
def archive(published: Ours, tmp_path: Path) -> Ours:
    """The same, to be changed by one test."""
    shutil.copytree(published.directory, tmp_path / "archive")
    archive = Ours(directory=tmp_path / "archive")
    move(archive, f"file://{published.public}", f"file://{archive.public}")
    return archive


def client(archive: Ours, directory: Path, suite: str = "el9") -> Dnf:
    """dnf that trusts the archive's key and nobody else's."""
    return Dnf(
        directory,
        {
            "mirrorlist": f"file://{archive.public}/rpm/{suite}/mirrorlist",
            "gpgcheck": "1",
            "repo_gpgcheck": "1",
            "gpgkey": f"file://{archive.directory}/archive.asc",
        },
    )


def available(dnf: Dnf) -> list[str]:
    return succeed(dnf("repoquery", "--quiet", "--refresh")).split()


def test_dnf_installs_what_was_published_and_checks_every_signature(archive: Ours, tmp_path: Path) -> None:
    dnf = client(archive, tmp_path / "dnf")
    succeed(dnf("install", "demo-a", "demo-b"))
    assert (tmp_path / "dnf/root/usr/share/demo-a/file").read_text() == "text\n"
    publish(archive, "demo-a_1.1~rc1", "demo-a_1.1")
    succeed(dnf("upgrade", "--refresh"))
    assert "demo-a-0:1.1-1.el9.noarch" in succeed(dnf("repoquery", "--installed"))


def test_a_signed_package_is_the_same_wherever_it_is_signed(archive: Ours) -> None:
    files = sorted((archive.public / "pool").rglob("*.rpm"))
    before = [file.read_bytes() for file in files]
    shutil.rmtree(archive.public)
    publish(archive, "demo-b_1.0", "demo-a_1.0")
    assert [file.read_bytes() for file in files] == before


def test_publishing_again_changes_nothing(archive: Ours) -> None:
    assert publish(archive, "demo-a_1.0", "demo-b_1.0") == ""


def test_history_rollback_and_removal_are_as_for_apt(archive: Ours, tmp_path: Path) -> None:
    dnf = client(archive, tmp_path / "dnf")
    states = json.loads(succeed(archive.katpkg("--json", "history", "el9", "--changes")))["generations"]
    assert [state["added"] for state in states] == [["demo-b 1.0-1.el9"], None]
    succeed(archive.katpkg("remove", "el9", "demo-a"))
    assert available(dnf) == ["demo-b-0:1.0-1.el9.noarch"]
    succeed(archive.katpkg("rollback", "el9", states[1]["name"]))
    assert available(dnf) == ["demo-a-0:1.0-1.el9.noarch"]
    succeed(archive.katpkg("promote", "el9", "el9-testing"))
    assert (archive.public / "rpm/el9-testing/mirrorlist").is_file()
    planned = json.loads(succeed(archive.katpkg("--json", "prune", "--dry-run")))
    assert planned["freed"] == 0


PAGE = """\
package = "small-page"
summary = "page"
description = "A page."
license = "EUPL-1.2"
copyright = "2026 Somebody"
artifact = { name = "page-{version}.zip" }
[payload]
kind = "tree"
copies = [{ source = "katpkg.toml", to = "/usr/share/small/page" }]
"""


def describe_page(archive: Ours) -> None:
    """A module, and its artifact."""
    (archive.directory / "artifacts").mkdir()
    with ZipFile(archive.directory / "artifacts/page-1.0.zip", "w") as file:
        file.write(archive.directory / "katpkg.toml", "katpkg.toml")
    definition = archive.directory / "katpkg.toml"
    definition.write_text(definition.read_text() + '\n[source]\npath = "artifacts"\n')
    (archive.directory / "modules").mkdir()
    (archive.directory / "modules/page.toml").write_text(PAGE)


def test_fedora_has_packages_of_its_own_from_the_same_description(archive: Ours, tmp_path: Path) -> None:
    describe_page(archive)
    definition = archive.directory / "katpkg.toml"
    definition.write_text(definition.read_text().replace('["el9/x86_64"]', '["el9/x86_64", "fedora42/x86_64"]'))
    for words in (("fetch",), ("build", "--target", "fedora42/x86_64"), ("publish", "--target", "fedora42")):
        succeed(archive.katpkg(*words))
    dnf = client(archive, tmp_path / "dnf", "fedora42")
    assert available(dnf) == ["small-archive-keyring-0:1-1.fc42.noarch", "small-page-0:1.0-1.fc42.noarch"]
    succeed(dnf("install", "small-page", "small-archive-keyring"))
    told = (tmp_path / "dnf/root/etc/yum.repos.d/small.repo").read_text()
    assert "rpm/fedora42/mirrorlist" in told


def test_a_package_that_was_built_is_published_and_not_built_again(archive: Ours, tmp_path: Path) -> None:
    describe_page(archive)
    for command in ("fetch", "build", "publish"):
        succeed(archive.katpkg(command))
    dnf = client(archive, tmp_path / "dnf")
    succeed(dnf("install", "small-page", "small-archive-keyring"))
    root = tmp_path / "dnf/root"
    assert (root / "usr/share/small/page").is_file()
    assert "mirrorlist=file://" in (root / "etc/yum.repos.d/small.repo").read_text()
    assert (root / "usr/share/keyrings/small-archive-keyring.asc").read_text().startswith("-----BEGIN PGP PUBLIC")
    rows = json.loads(succeed(archive.katpkg("--json", "build")))["packages"]
    assert {row["state"] for row in rows} == {"published"}
    (archive.directory / "modules/page.toml").write_text(
        (archive.directory / "modules/page.toml").read_text().replace("A page.", "Another page.")
    )
    rows = json.loads(succeed(archive.katpkg("--json", "build")))["packages"]
    assert {row["package"]: row["version"] for row in rows}["small-page"] == "1.0-2.el9"


@pytest.mark.parametrize("case", TAMPERED)
def test_dnf_refuses_and_without_the_signature_it_would_take_what_that_alone_keeps_out(
    case: str, archive: Ours, tmp_path: Path
) -> None:
    dnf = client(archive, tmp_path / "dnf")
    installed = tmp_path / "dnf/root/usr/share/demo-a"
    tamper(archive, case)
    done = dnf("install", "demo-a")
    assert done.returncode != 0
    assert TAMPERED[case] in done.stdout + done.stderr
    assert not installed.exists()
    careless = dnf("--nogpgcheck", "install", "demo-a")
    assert (careless.returncode == 0) == installed.exists() == (TAMPERED[case] != DIGEST)


def test_dnf_refuses_an_unsigned_package_in_signed_metadata(archive: Ours, tmp_path: Path) -> None:
    """What a thief of the metadata key alone, or a publisher that forgets to sign, would make."""
    dnf = client(archive, tmp_path / "dnf")
    succeed(dnf("makecache"))
    unsigned = make_rpm(archive.directory / "rpms", "demo-a", "2.0")
    done = dnf("--setopt=localpkg_gpgcheck=1", "install", str(unsigned))
    assert done.returncode != 0
    assert "not signed" in done.stdout + done.stderr


def test_a_program_that_signs_cannot_sign_rpms_and_says_so(archive: Ours) -> None:
    definition = archive.directory / "katpkg.toml"
    definition.write_text(definition.read_text() + 'command = ["true"]\n')
    before = sorted(archive.public.rglob("*"))
    done = archive.katpkg("publish", make_rpm(archive.directory / "rpms", "demo-c"))
    assert done.returncode == 6
    assert "RPMs are signed by rpmsign, which needs the key itself" in done.stderr
    assert sorted(archive.public.rglob("*")) == before


DAMAGED = ("not signing corrupt package", 6)
SPOILT = {
    "cut off": DAMAGED,
    "another header": DAMAGED,
    "other contents": DAMAGED,
    "something else": ("is no RPM that can be published", 5),
}


@pytest.mark.parametrize("damage", SPOILT)
def test_a_damaged_package_is_not_signed_and_nothing_is_published_with_it(damage: str, archive: Ours) -> None:
    good, bad = (make_rpm(archive.directory / "rpms", name) for name in ("demo-c", "demo-d"))
    content = bad.read_bytes()
    at = content.rindex(b"a thing")
    spoilt = {
        "cut off": content[:-30],
        "another header": content[:at] + b"A" + content[at + 1 :],
        "other contents": content[:-20] + bytes(20),
        "something else": b"!<arch>\n" + content,
    }
    bad.write_bytes(spoilt[damage])
    before = {path: path.stat().st_mtime_ns for path in archive.public.rglob("*")}
    done = archive.katpkg("publish", good, bad)
    said, status = SPOILT[damage]
    assert (done.returncode, said in done.stderr, "demo-d" in done.stderr) == (status, True, True), done.stderr
    assert ("hint: build it again" in done.stderr) == (status == 6)
    assert {path: path.stat().st_mtime_ns for path in archive.public.rglob("*")} == before


def test_dnf_never_fails_while_somebody_publishes(archive: Ours, tmp_path: Path) -> None:
    dnf = client(archive, tmp_path / "dnf")
    succeed(dnf("makecache"))
    published, seen = list[Path](), set[int]()

    def publish() -> None:
        while len(published) < 5 or len(seen) < 2:  # however slow dnf is, the archive changes while it looks
            file = make_rpm(archive.directory / "rpms", f"demo-{len(published)}")
            succeed(archive.katpkg("publish", file))
            published.append(file)

    publishing = threading.Thread(target=publish)
    publishing.start()
    while publishing.is_alive():
        seen.add(len(available(dnf)))
    publishing.join()
    assert len(available(dnf)) == 2 + len(published)
    assert min(seen) >= 2


def verified(archive: Ours, *words: str) -> dict[str, set[str]]:
    """The rules that are broken, by suite."""
    done = archive.katpkg("--json", "verify", "--all-files", *words)
    report = json.loads(done.stdout)
    assert done.returncode == (7 if report["findings"] else 0), done.stderr
    found: dict[str, set[str]] = {suite["suite"]: set() for suite in report["suites"]}
    for finding in report["findings"]:
        found[finding["suite"]].add(finding["rule"])
    return found


def test_verify_finds_nothing_wrong_with_what_was_published(archive: Ours) -> None:
    assert verified(archive) == {"el9": set()}
    succeed(archive.katpkg("promote", "el9", "el9-testing"))
    assert verified(archive, "--suite", "el9-testing") == {"el9-testing": set()}


BROKEN = {
    "a package with other contents": "package-wrong",
    "a package whose last bytes differ": "package-wrong",
    "repomd.xml that says something else": "not-signed",
    "no signature of repomd.xml": "index-wrong",
    "metadata that is not the one that is named": "index-wrong",
    "everything signed by somebody else": "not-signed",
}


@pytest.mark.parametrize("case", BROKEN)
def test_verify_finds_what_dnf_refuses(case: str, archive: Ours) -> None:
    tamper(archive, case)
    assert verified(archive) == {"el9": {BROKEN[case]}}


def test_verify_finds_a_lost_package_and_a_state_that_cannot_come_back(archive: Ours) -> None:
    (archive.public / "pool/el9/main/d/demo-b/demo-b-1.0-1.el9.noarch.rpm").unlink()
    (name,) = (path.name for path in (archive.public / "rpm/el9/replaced").iterdir())
    for path in (archive.public / "rpm/el9/generations" / name).rglob("*-other.xml.gz"):
        path.unlink()
    assert verified(archive) == {"el9": {"package-missing", "generation-broken"}}


FINISHED = """\
package = "demo-thing"
summary = "thing"
description = "A thing."
license = "EUPL-1.2"
copyright = "2026 Somebody"
architecture = "all"
artifact = { name = "demo-thing_{version}_all.deb" }
[payload]
kind = "deb"
"""


def test_a_finished_deb_is_converted_where_the_definition_says_so_and_refused_elsewhere(archive: Ours) -> None:
    make_deb(archive.directory / "artifacts")
    definition, module = archive.directory / "katpkg.toml", archive.directory / "modules/thing.toml"
    definition.write_text(definition.read_text() + '\n[source]\npath = "artifacts"\n')
    module.parent.mkdir()
    module.write_text(FINISHED)
    succeed(archive.katpkg("fetch"))
    refused = archive.katpkg("build", "thing")
    assert refused.returncode == 5
    assert "demo-thing comes as a finished .deb, and el9 has no use for one" in refused.stderr
    assert "set payload.convert = true, or codenames" in refused.stderr
    assert not list((archive.directory / "build/el9").glob("*.rpm"))
    module.write_text(f"{FINISHED}convert = true\n")
    (built,) = json.loads(succeed(archive.katpkg("--json", "build", "thing")))["packages"]
    assert (built["version"], Path(built["path"]).name) == ("1.0-1", "demo-thing-1.0-1.noarch.rpm")
    succeed(archive.katpkg("publish"))
    (again,) = json.loads(succeed(archive.katpkg("--json", "build", "thing")))["packages"]
    assert again["state"] == "published"
    assert verified(archive) == {"el9": set()}
