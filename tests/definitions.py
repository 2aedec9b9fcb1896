"""Small definitions, written where a test wants them."""

from __future__ import annotations

from pathlib import Path

from katpkg.config.project import Loaded, load_project

ARCHIVE = """
[archive]
name = "kat"
origin = "Test"
label = "Test"
description = "For tests"
uri = "https://packages.example.org/"
maintainer = "Somebody <somebody@example.org>"
architectures = ["amd64"]
"""
MAIN = f"""
targets = ["bookworm/amd64", "trixie/amd64"]
{ARCHIVE}
[signing]
public_key = "keys/archive.asc"
"""

WEB = """
package = "kat-web"
summary = "web interface"
description = "It shows things."
license = "EUPL-1.2"
copyright = "2026 its authors"

[artifact]
name = "web-{version}.zip"

[payload]
kind = "wheel"

[[services]]
name = "kat-web"
description = "Web interface"
exec = "{venv}/bin/web"
health = { url = "http://127.0.0.1:8000/" }
"""

KAT = """
package = "kat"
summary = "everything"
description = "All of it."
license = "EUPL-1.2"
copyright = "2026 its authors"

[payload]
kind = "meta"
modules = ["web"]
version = "1.0"
"""


def write(directory: Path, main: str = MAIN, **modules: str) -> Path:
    (directory / "modules").mkdir(parents=True, exist_ok=True)
    (directory / "katpkg.toml").write_text(main)
    for name, text in (modules or {"web": WEB}).items():
        (directory / "modules" / f"{name}.toml").write_text(text)
    return directory


def load(directory: Path, main: str = MAIN, **modules: str) -> Loaded:
    return load_project(write(directory, main, **modules))
