"""Where a module's things lie on the server, and the placeholders that descriptors use for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from katpkg.errors import ConfigError
from katpkg.model.module import ModuleSpec
from katpkg.model.names import AbsolutePath, PackageName
from katpkg.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of one module's package: {venv}, {lib}, {etc}, {state}, {config}, {module} and {python}."""

    prefix: PackageName
    """The archive's name: the product whose module it is."""
    module: ModuleSpec
    target: Target

    @property
    def venv(self) -> AbsolutePath:
        """The virtual environment; administrators' scripts look there already."""
        return AbsolutePath(f"/opt/venvs/{self.module.package}")

    @property
    def lib(self) -> AbsolutePath:
        """What the product ships and nobody edits."""
        return AbsolutePath(f"/usr/lib/{self.prefix}")

    @property
    def etc(self) -> AbsolutePath:
        """The administrator's own words."""
        return AbsolutePath(f"/etc/{self.prefix}")

    @property
    def state(self) -> AbsolutePath:
        """What the package itself keeps."""
        return AbsolutePath(f"/var/lib/{self.module.package}")

    @property
    def config(self) -> AbsolutePath:
        """Values that set-up generates."""
        return AbsolutePath(f"/var/lib/{self.prefix}/config")

    @property
    def python(self) -> AbsolutePath:
        """The server's interpreter."""
        return AbsolutePath(f"/usr/bin/python{self.target.release.python}")

    @property
    def site_packages(self) -> AbsolutePath:
        """Where the virtual environment's modules lie."""
        return AbsolutePath(f"{self.venv}/lib/python{self.target.release.python}/site-packages")

    @property
    def defaults_file(self) -> AbsolutePath:
        """The shipped values of the module's settings."""
        return AbsolutePath(f"{self.lib}/{self.module.name}.defaults")

    @property
    def generated_file(self) -> AbsolutePath:
        """The values that set-up generated."""
        return AbsolutePath(f"{self.config}/{self.module.name}.env")

    @property
    def administrator_file(self) -> AbsolutePath:
        """The values that the administrator set; they win."""
        return AbsolutePath(f"{self.etc}/{self.module.name}.conf")

    @property
    def descriptors(self) -> AbsolutePath:
        """What all modules tell the server about themselves; katctl's trigger is on it."""
        return AbsolutePath(f"{self.lib}/modules.d")

    @property
    def descriptor(self) -> AbsolutePath:
        """What the module tells."""
        return AbsolutePath(f"{self.descriptors}/{self.module.name}.json")

    @property
    def aside(self) -> AbsolutePath:
        """Where conffiles go that the package has no longer."""
        return AbsolutePath(f"/var/lib/{self.prefix}/aside/{self.module.package}")

    def fill(self, text: str) -> str:
        """``text`` with its placeholders replaced. Raises ConfigError for one that does not exist."""
        known = {
            "venv": self.venv,
            "lib": self.lib,
            "etc": self.etc,
            "state": self.state,
            "config": self.config,
            "site_packages": self.site_packages,
            "python": self.python,
            "module": self.module.name,
            "package": self.module.package,
        }

        def value(match: re.Match[str]) -> str:
            if match[1] not in known:
                raise ConfigError(
                    f"unknown placeholder {{{match[1]}}}",
                    where=f"modules/{self.module.name}.toml: {text}",
                    hint=f"one of {', '.join(f'{{{name}}}' for name in known)}",
                )
            return known[match[1]]

        return re.sub(r"\{([a-z_]+)\}", value, text)
