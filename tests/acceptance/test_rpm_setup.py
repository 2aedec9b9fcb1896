"""The whole demo as RPMs, with what sets it up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from katpkg.model.names import Codename
from tests.conftest import Published, make_definition
from tests.rpms import differences

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("rpm_setup")]

KEYRING = (
    "/etc/apt/sources.list.d/kat.sources",
    "/etc/yum.repos.d/kat.repo",
    "/usr/share/keyrings/kat-archive-keyring.gpg",
    "/usr/share/keyrings/kat-archive-keyring.asc",
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, demo_artifacts: Path) -> Published:
    """All modules of the demo as RPMs, published, and as .debs."""
    definition = make_definition(tmp_path_factory.mktemp("rpm_setup"), demo_artifacts, "bookworm")
    definition.edit("katpkg.toml", '["bookworm/amd64"]', '["bookworm/amd64", "el9/x86_64"]')
    definition.edit("modules/hello.toml", "_{codename}.zip", "_bookworm.zip")
    for name, more in (
        ("katpkg.toml", '[release.el9]\npython = "3.11"\n'),
        ("modules/greeting.toml", "convert = true\n"),
    ):
        with (definition.directory / name).open("a") as file:
            file.write(more)
    definition.katpkg("build", "--no-lintian")
    definition.katpkg("publish", "--target", "el9")
    return Published(definition=definition, codename=Codename("el9"))


@pytest.fixture(scope="module")
def names(published: Published) -> list[str]:
    """The packages of the archive."""
    built = json.loads((published.definition.project.build.directory / "el9/built.json").read_text())
    return [each["fields"]["Package"] for each in built["packages"]]


def test_deb_and_rpm_of_every_module_install_the_same_files(
    published: Published, names: list[str], tmp_path: Path
) -> None:
    """But for what either has to enable units, and for what they say of the archive."""
    build = published.definition.project.build.directory
    found = {}
    for name in names:
        (deb,) = (build / "bookworm").glob(f"{name}_*.deb")
        (rpm,) = (path for path in (build / "el9").glob("*.rpm") if path.name.rsplit("-", 2)[0] == name)
        found[name] = differences(deb, rpm, tmp_path / name)
    assert found.pop("kat-archive-keyring") == set(KEYRING)
    assert found.pop("kat-common") == {"/usr/bin/katctl", "/usr/lib/systemd/system-preset/50-kat-common.preset"}
    assert not any(found.values()), found
    scripts = [tmp_path / f"kat-common/{form}/usr/bin/katctl" for form in ("deb", "rpm")]
    (first, *rest), (other, *same) = (script.read_text().splitlines() for script in scripts)
    assert (first, other, rest) == ("#!/usr/bin/python3 -IB", "#!/usr/bin/python3.11 -IB", same)
