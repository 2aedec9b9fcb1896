"""A maintainer's desk: a definition whose one module comes from the good, attested run of the tests' GitHub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from katpkg.model.digests import Digest
from tests.builders import make_zip
from tests.conftest import ROOT
from tests.definitions import ARCHIVE
from tests.github.canary import CANARY, tells
from tests.github.hub import Hub
from tests.github.sigstore import Sigstore, Workflow

MAIN = f"""
targets = ["bookworm/amd64"]
{ARCHIVE}
[signing]
public_key = "keys/archive.asc"

[source]
kind = "github"
repository = "acme/web"
workflow = ".github/workflows/build.yml"
api = "{{api}}"
trust_root = "root.json"
"""

WEB = """
package = "kat-web"
summary = "page of the tests"
description = "It shows nothing."
license = "EUPL-1.2"
copyright = "2026 its authors"
artifact = { name = "web-{version}.zip", attestation = "require" }
payload = { kind = "tree", copies = [{ source = "index.html", to = "/usr/share/kat-web/index.html" }] }
"""

KAT = """
package = "kat"
summary = "everything that the tests have"
description = "All of the pages."
license = "EUPL-1.2"
copyright = "2026 its authors"
payload = { kind = "meta", modules = ["web"], version = "= web" }
"""


class Desk:
    """Where a maintainer works: a directory, and a GitHub that has one good, attested run."""

    def __init__(self, hub: Hub, directory: Path) -> None:
        self.hub = hub
        self.directory = directory
        self.summary = directory / "summary.md"
        self.zip = make_zip(directory / "web.zip", {"index.html": b"<p>hello</p>\n"}).read_bytes()
        hub.repository.artifacts.clear()
        hub.repository.listed.clear()
        self.artifact = hub.repository.artifact(hub.run, "web-1.0.zip", self.zip)
        sigstore = Sigstore()
        sigstore.trust_root(directory / "root.json")
        workflow = Workflow(
            repository=f"{hub.github.api}/acme/web",
            commit=hub.run["head_sha"],
            run=hub.run["id"],
            issuer=f"{hub.github.api}/_services/token",
        )
        bundle = sigstore.attest(workflow, {"web-1.0.zip": self.zip})
        hub.repository.attestations[f"sha256:{Digest.of(self.zip).sha256}"] = [bundle]
        self._write("katpkg.toml", MAIN.replace("{api}", hub.github.api))
        self._write("modules/web.toml", WEB)
        self._write("modules/kat.toml", KAT)
        self.katpkg("key", "new", "--user-id", "test <test@example.org>", "--secret", str(directory / "secret.asc"))

    def katpkg(self, *words: str, status: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        """Call the command line as a user would."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")},
            "GITHUB_TOKEN": CANARY,
            "KATPKG_SIGNING_KEY_FILE": str(self.directory / "secret.asc"),
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        command = [sys.executable, "-m", "katpkg", "-C", str(self.directory), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == status, done.stdout + done.stderr
        assert not tells(done.stdout + done.stderr)
        return done

    def on_runner(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Call it as a step of a workflow does."""
        return self.katpkg(*words, status=status, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(self.summary))

    def plan(self) -> dict[str, tuple[bool, bool, bool]]:
        """What is to be fetched, built and published, by package."""
        found = json.loads(self.katpkg("--json", "plan").stdout)["packages"]
        return {each["package"]: (each["fetch"], each["build"], each["publish"]) for each in found}

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).parent.mkdir(exist_ok=True)
        (self.directory / name).write_text(text)
