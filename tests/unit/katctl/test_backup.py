"""Backups, and what may be restored."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katctl import setup
from katctl.backup import KEPT, back_up, default_path, forget_old
from katctl.errors import BackupError, StepFailed
from katctl.restore import open_backup
from katctl.state import State
from tests.unit.katctl.site import describe, make_site

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def make_backup(path: Path, product: str = "kat", *, damaged: bool = False) -> Path:
    content = b'{"broker": "word"}'
    manifest = {
        "product": product,
        "made": "2026-11-26T12:00:00+00:00",
        "versions": {},
        "databases": {},
        "directories": {},
        "sha256": {"secrets.json": hashlib.sha256(b"other" if damaged else content).hexdigest()},
        "format": 1,
    }
    with tarfile.open(path, "w") as tar:
        for name, text in (("secrets.json", content), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    return path


def test_a_backup_is_what_its_manifest_says(tmp_path: Path) -> None:
    with open_backup(make_backup(tmp_path / "kat.tar"), "kat") as backup:
        assert backup.text("secrets.json") == '{"broker": "word"}'
        assert not backup.has("answers.env")


@pytest.mark.parametrize(
    ("product", "damaged", "message"),
    [("other", False, "it is a backup of other"), ("kat", True, "secrets.json is damaged")],
)
def test_what_is_not_ours_or_not_whole_is_refused(product: str, message: str, tmp_path: Path, *, damaged: bool) -> None:
    path = make_backup(tmp_path / "kat.tar", product, damaged=damaged)
    with pytest.raises(BackupError, match=message) as caught, open_backup(path, "kat"):
        pass
    assert caught.value.where == str(path)
    assert caught.value.hint


def test_a_file_that_is_no_backup_and_one_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("x")
    with pytest.raises(BackupError, match="it is no whole backup"), open_backup(tmp_path / "x.tar", "kat"):
        pass
    with pytest.raises(BackupError, match="there is no such backup"), open_backup(tmp_path / "y.tar", "kat"):
        pass


def test_backups_of_upgrades_are_few_and_the_administrators_are_kept(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe())
    site.product.backups.mkdir(parents=True)
    for day in range(1, KEPT + 3):
        for reason in ("upgrade", "manual"):
            default_path(site, NOW.replace(day=day), reason).touch()
    first = default_path(site, NOW.replace(day=1), "upgrade")
    forget_old(site, keep=first)
    left = sorted(path.name for path in site.product.backups.iterdir())
    assert len([name for name in left if "manual" in name]) == KEPT + 2
    assert [name[10:12] for name in left if "upgrade" in name] == ["01", "03", "04", "05"]


def test_nothing_is_set_up_on_data_of_two_times(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe())
    site.memory.change(restoring="/x.tar")
    for act in (setup.set_up, setup.migrate):
        with pytest.raises(StepFailed, match="a restoration did not reach its end") as caught:
            act(site, NOW)
        assert caught.value.hint == "katctl restore /x.tar, or another backup"
    assert site.memory.state == State(restoring="/x.tar")


def test_what_a_backup_left_that_was_killed_goes_with_the_next(tmp_path: Path) -> None:
    site = make_site(tmp_path, describe())
    left = site.product.backups / ".kat-20261125T120000Z-manual.tar.unfinished"
    for path in (left, site.product.state / "backup-x/dump"):
        path.parent.mkdir(parents=True)
        path.touch()
    made = back_up(site, default_path(site, NOW, "manual"), NOW, whole=True)
    assert list(site.product.backups.iterdir()) == [made]
    assert list(site.product.state.iterdir()) == []
