"""An archive of ours that takes no build: a definition without modules, and packages that are published as files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import make_deb
from tests.conftest import ROOT

DEFINITION = """\
targets = ["bookworm/amd64"]

[archive]
name = "small"
origin = "Small"
label = "Small archive"
description = "An archive to be looked at"
uri = "http://127.0.0.1/"
maintainer = "Somebody <somebody@example.org>"
architectures = ["amd64", "arm64"]

[signing]
public_key = "archive.asc"
"""
INDEX = "dists/bookworm/main/binary-amd64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A published archive of ours, and its definition."""

    directory: Path

    @property
    def public(self) -> Path:
        return self.directory / "public"

    def katpkg(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KATPKG_SIGNING_KEY_FILE": "secret.asc", "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "katpkg", *words],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.directory,
        )

    def report(self, *words: str | Path) -> tuple[int, dict[str, Any]]:
        """Exit status and JSON of ``katpkg verify``."""
        done = self.katpkg("--json", "verify", *words)
        return done.returncode, json.loads(done.stdout)

    def rules(self, *words: str | Path) -> set[str]:
        """The rules that are broken."""
        status, report = self.report(*words)
        levels = {finding["level"] for finding in report["findings"]}
        assert status == (7 if "error" in levels else 0)
        return {finding["rule"] for finding in report["findings"]}

    def by_hash(self, name: str) -> Path:
        """Where a copy lies under its digest."""
        digest = subprocess.run(["sha256sum", self.public / INDEX / name], capture_output=True, text=True, check=True)
        return self.public / INDEX / "by-hash" / "SHA256" / digest.stdout.split()[0]


def make_ours(directory: Path, more: str = "") -> Ours:
    """Published twice, a package each time; ``more`` goes to the end of its definition."""
    archive = Ours(directory=directory)
    (directory / "katpkg.toml").write_text(DEFINITION + more)
    key = archive.katpkg("key", "new", "--user-id", "small <small@example.org>", "--secret", "secret.asc")
    assert key.returncode == 0, key.stderr
    for name in ("demo-a", "demo-b"):
        (directory / name).mkdir()
        done = archive.katpkg("publish", make_deb(directory / name, {"Package": name, "Version": "1.0-1~deb12u1"}))
        assert done.returncode == 0, done.stderr
    return archive
