"""The templates: text with holes. What goes into a hole is decided in Python, and a missing value is an error."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from katpkg.errors import BuildError
from katpkg.model.names import Sha256

SPECIAL = '\\"$`'
"""What systemd and the shell both take for more than itself between double quotes."""


class Templates:
    """The templates of one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._environment = Environment(
            loader=FileSystemLoader(directory),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701  # nothing rendered here is markup; values are parsed types without newlines
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["env_quote"] = env_quote
        self._environment.filters["rpm_quote"] = rpm_quote

    def render(self, template: str, /, **values: object) -> str:
        """``template`` with ``values``. Raises BuildError when one is missing."""
        try:
            return self._environment.get_template(template).render(**values)
        except TemplateError as error:
            raise BuildError(
                f"the template cannot be rendered: {error.message}", where=str(self._directory / template)
            ) from error

    def license(self, identifier: str) -> str:
        """The text of the licence with this SPDX identifier; empty when it does not lie with the templates."""
        path = self._directory / f"license.{identifier}.txt"
        return path.read_text() if path.is_file() else ""

    def digest(self) -> Sha256:
        """One digest over all templates, by name and content."""
        digest = hashlib.sha256()
        for path in sorted(self._directory.iterdir()):
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
        return Sha256(digest.hexdigest())


def env_quote(value: str) -> str:
    """``value`` as both systemd's EnvironmentFile= and a sourcing shell read it back."""
    escaped = "".join(f"\\{char}" if char in SPECIAL else char for char in value)
    return f'"{escaped}"'


def rpm_quote(value: str) -> str:
    """``value`` as it stands in a spec file, where a percent sign begins a macro."""
    return value.replace("%", "%%")
