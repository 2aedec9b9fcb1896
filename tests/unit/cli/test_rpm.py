"""``katpkg rpm convert``, where it has nothing to convert for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import make_deb
from tests.ours import Ours
from tests.tampered import DEFINITION

TARGETS = {
    (): 'there is no target of RPMs\n   in: katpkg.toml: targets\n hint: add one: targets = ["el9/x86_64"]',
    ("--target", "bookworm"): "bookworm has no RPMs\n   in: --target\n hint: name a target like el9/x86_64",
}


@pytest.mark.parametrize("words", TARGETS)
def test_a_definition_without_a_target_of_rpms_converts_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    definition = DEFINITION.format(uri="http://127.0.0.1/").replace("el9/x86_64", "bookworm/amd64")
    (tmp_path / "katpkg.toml").write_text(definition)
    (tmp_path / "deb").mkdir()
    deb = make_deb(tmp_path / "deb")
    done = Ours(directory=tmp_path).katpkg("rpm", "convert", deb, *words)
    assert (done.returncode, done.stdout) == (5 if words else 3, "")
    assert TARGETS[words] in done.stderr
    assert not (tmp_path / "build").exists()
