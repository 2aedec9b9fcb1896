"""What an administrator is told to type: in the words of what brought katctl."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from katctl import packages, process
from katctl.descriptors import read_product
from katctl.errors import DefinitionError
from katctl.packages import APT, DNF, manager

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=[APT, DNF], ids=["apt", "dnf"])
def says(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The word that begins all that is said."""
    monkeypatch.setattr(packages, "manager", lambda: request.param)
    said: str = request.param.install
    return said.split()[0]


def test_each_thing_to_do_is_said_in_one_managers_words(says: str) -> None:
    before = {"kat-web": "1.0-1", "kat-api": "1:2.0-1"}
    told = {
        "apt": [
            "apt install kat-web",
            "apt install postgresql",
            "apt install --reinstall the owner of /x",
            "apt update && apt upgrade",
            "apt install --allow-downgrades kat-api=1:2.0-1 kat-web=1.0-1",
        ],
        "dnf": [
            "dnf install kat-web",
            "dnf install postgresql-server",
            "dnf reinstall the owner of /x",
            "dnf upgrade --refresh",
            "dnf downgrade kat-api-1:2.0-1 kat-web-1.0-1",
        ],
    }
    assert told[says] == [
        packages.to_install("kat-web"),
        packages.to_install_postgresql(),
        packages.to_reinstall(Path("/x")),
        packages.to_upgrade(),
        packages.to_go_back(before),
    ]


def test_a_descriptor_that_cannot_be_read_comes_back_with_its_package(says: str, tmp_path: Path) -> None:
    (tmp_path / "product.json").write_text("{")
    with pytest.raises(DefinitionError, match="it cannot be read") as caught:
        read_product(tmp_path)
    assert caught.value.hint == packages.to_reinstall(tmp_path / "product.json")
    assert str(caught.value.hint).startswith(says)


def test_no_other_file_knows_a_package_manager_by_name() -> None:
    files = [path for path in (ROOT / "katctl").glob("*.py") if path.name != "packages.py"]
    assert not [path.name for path in files if re.search(r"\b(apt|dnf) (install|update|upgrade)", path.read_text())]


@pytest.mark.parametrize("owners", [(), ("dpkg-query",), ("rpm",), ("dpkg-query", "rpm")], ids=str)
def test_the_manager_is_the_one_that_brought_katctl(owners: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who owns a file of a checkout is nobody."""
    monkeypatch.setattr(process, "succeeds", lambda argv: argv[0] in owners)
    manager.cache_clear()
    assert manager() is (DNF if owners == ("rpm",) else APT)
    manager.cache_clear()
