"""The demo: from the artifacts of CI to a booted Debian on which ``apt install kat`` gives running services."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from katpkg.config.project import load_project
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Codename, PackageName
from katpkg.model.project import Project
from scripts.lab.archive import install_keyring
from scripts.lab.machine import Machine
from scripts.lab.roots import debian_root

ROOT = Path(__file__).resolve().parent.parent.parent
DEFINITION = ROOT / "tests" / "demo"
BUILD = ROOT / "build" / "demo"
SECRET_KEY = BUILD / "keys" / "secret.asc"
BOOKWORM = Codename("bookworm")

say = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 140)


def main() -> None:
    """Do all of it, saying what."""
    began = time.monotonic()
    if os.geteuid() != 0:
        raise SystemExit("the demo boots a Debian machine, which needs root: sudo make demo")
    step("artifacts, as CI would leave them")
    subprocess.run([sys.executable, "-m", "scripts.demo.artifacts", BUILD / "artifacts"], cwd=ROOT, check=True)
    make_key()
    step("katpkg build")
    katpkg("fetch")
    katpkg("build", "--target", BOOKWORM)
    step("katpkg publish")
    katpkg("publish", "--target", BOOKWORM)
    project = load_project(DEFINITION).project
    step("a Debian 12 machine with nothing of ours on it")
    with Machine(debian_root(BOOKWORM), "demo") as machine:
        install(machine, project)
        table = survey(machine, project.archive.keyring_package, project.modules[BOOKWORM])
    say.print(table)
    say.print(f"done in {time.monotonic() - began:.0f} s. The archive: {BUILD / 'public'}")
    say.print("next: docs/tutorial/first-archive.md makes one of your own.")


def step(title: str) -> None:
    """Say what comes next."""
    say.print(f"[bold]==>[/bold] {title}")


def katpkg(*words: str) -> None:
    """Run katpkg on the demo's definition."""
    command: list[str | Path] = [sys.executable, "-m", "katpkg", "-C", DEFINITION, *words]
    environment = {**os.environ, "KATPKG_SIGNING_KEY_FILE": str(SECRET_KEY)}
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def make_key() -> None:
    """The demo's signing key, once."""
    if not SECRET_KEY.exists():
        step("a signing key for the demo")
        katpkg("key", "new", "--user-id", "katpkg demo <demo@example.org>", "--secret", str(SECRET_KEY))


def install(machine: Machine, project: Project) -> None:
    """Do what a user does: bring the keyring package, update, install."""
    machine.serve(project.publish.store, 8099)
    step("the archive's keyring package, and apt-get update with its key in Signed-By")
    install_keyring(machine, project, BOOKWORM)
    step(f"apt install {project.archive.name}")
    machine.run("apt-get", "install", "--yes", project.archive.name)


def survey(machine: Machine, keyring: PackageName, modules: Sequence[ModuleSpec]) -> Table:
    """What is installed on the machine, and how it says it is. Raises AssertionError when something is not well."""
    found = json.loads(machine.says("katctl", "health", "--json"))["findings"]
    table = Table(title="what is installed and runs", title_justify="left", title_style="bold")
    for column in ("package", "version", "what", "is", "because"):
        table.add_column(column, overflow="fold")
    installed = machine.says("dpkg-query", "--show", "--showformat=${Package} ${Version}\n").splitlines()
    versions = dict(line.split(" ") for line in installed)
    for module in (each for each in modules if each.package in versions):
        mine = [(each["subject"], each["verdict"], each["said"]) for each in found if each["module"] == module.name]
        for row in mine or [("", "", "")]:
            table.add_row(module.package, versions[module.package], *row)
    table.add_row(keyring, versions[keyring], "", "", "")
    return table


if __name__ == "__main__":
    main()
